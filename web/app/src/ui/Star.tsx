// The two shapes of the place: people are eight-pointed stars, rooms are square tiles.
import { hueOf, initialOf, isPersian } from '../person.ts';

/** Two squares, one turned: centred on 0 0, 46 to a tip. Stroked round to 50. */
export const STAR = 'M46 0 32.5 13.5 32.5 32.5 13.5 32.5 0 46-13.5 32.5-32.5 32.5-32.5 13.5-46 0-32.5-13.5-32.5-32.5-13.5-32.5 0-46 13.5-32.5 32.5-32.5 32.5-13.5Z';

const Shape = ({ part }: { part?: string }) => <svg class={part} viewBox="-50 -50 100 100"><path d={STAR} /></svg>;

/** Whether the person can be reached: only ever shown together with a word that says the same. */
export type Dot = 'live' | 'away';

export function Star({ name, dot }: { name: string; dot?: Dot | undefined }) {
  return (
    <span class="star" style={{ '--h': String(hueOf(name)) }} aria-hidden="true">
      <Shape />
      <b class={isPersian(name) ? 'fa' : undefined}>{initialOf(name)}</b>
      {dot && <i class={dot} />}
    </span>
  );
}

/** A room's tile: the star of the wall for a code, the letter for a name. */
export function Tile({ room, isCode }: { room: string; isCode: boolean }) {
  return (
    <span class="tile" style={{ '--h': String(hueOf(room)) }} aria-hidden="true">
      {isCode ? <><Shape part="outer" /><Shape part="inner" /></> : <b class={isPersian(room) ? 'fa' : undefined}>{initialOf(room)}</b>}
    </span>
  );
}

/** The mark of the page. */
export function Mark() {
  return <span class="star mark" aria-hidden="true"><Shape /><Shape part="heart" /></span>;
}

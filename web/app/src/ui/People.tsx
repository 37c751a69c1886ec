// Who is in the room, the way to bring others in, and the way out.
import type { Person, RoomView } from '../../../client/src/index.ts';
import { count, number, t } from '../i18n/inside.ts';
import { chat } from '../state/core.ts';
import { openMenu } from '../state/menu.ts';
import { openSheet } from '../state/sheet.ts';
import { Icon } from './Icon.tsx';
import { Share } from './Share.tsx';
import { Star } from './Star.tsx';

/** The column beside the conversation, where there is room for one. */
export function PeopleColumn({ room }: { room: RoomView }) {
  return (
    <aside class="people" aria-labelledby="people-title">
      <h2 id="people-title">{t('people')} <span class="num">{number(room.count)}</span></h2>
      <PeopleOf room={room} />
      <div class="card"><Share room={room.room} isCode={room.isCode} compact /></div>
      <LeaveButton room={room.room} />
    </aside>
  );
}

export function PeopleOf({ room }: { room: RoomView }) {
  return <PeopleList room={room.room} people={room.people} count={room.count} you={room.you} typing={room.typing} askable={room.morePeople} />;
}

interface PeopleListProps {
  room: string;
  people: readonly Person[];
  count: number;
  you: number;
  typing: readonly Person[];
  /** Whether the server can be asked for more than `people`. */
  askable: boolean;
}

/** Reads the language, so it is drawn again only when its own props change: a message alone must not draw a thousand people. */
function PeopleList({ room, people, count: all, you, typing, askable }: PeopleListProps) {
  const own = people.find((one) => one.id === you);
  const more = all - people.length;
  return (
    <ul class="persons">
      {own !== undefined && <li><div class="person"><Star name={own.name} /><span class="who"><bdi>{own.name}</bdi><small>{t('you')}</small></span></div></li>}
      {people.filter((one) => one !== own).map((one) => <li key={one.id}><Other person={one} room={room} typing={typing.some((typist) => typist.id === one.id)} /></li>)}
      {more > 0 && <li class="rest">{askable ? <button type="button" class="textbtn" onClick={() => chat.morePeople(room)}>{count('andMore', more)}</button> : count('andMore', more)}</li>}
    </ul>
  );
}

function Other({ person, room, typing }: { person: Person; room: string; typing: boolean }) {
  const name = person.name || t('someone');
  return (
    <button type="button" class="person" aria-haspopup="menu" onClick={(event) => openMenu(event.currentTarget, room, person)}>
      <Star name={name} />
      <span class="who"><bdi>{name}</bdi>{typing ? <small>{t('isTyping')}</small> : person.guest && <small>{t('guest')}</small>}</span>
    </button>
  );
}

export function LeaveButton({ room }: { room: string }) {
  return <button type="button" class="leave" onClick={() => openSheet({ kind: 'leave', room })}><Icon name="leave" turn />{t('leaveRoom')}</button>;
}

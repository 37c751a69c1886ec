// One message in the conversation.
import type { SpokenLine } from '../log/rows.ts';
import { hueOf } from '../person.ts';
import { anyOf, nodes, t, time } from '../i18n/inside.ts';
import { chat } from '../state/core.ts';
import { startEditing } from '../state/editing.ts';
import { lineMenu } from '../state/lineMenu.ts';
import { openMenu } from '../state/menu.ts';
import { openSheet } from '../state/sheet.ts';
import { narrow } from '../state/width.ts';
import { errorText } from '../state/words.ts';
import { ChangeStates, Marks } from './Changes.tsx';
import { Icon } from './Icon.tsx';
import { Prose } from './Prose.tsx';
import { Star } from './Star.tsx';

export interface SpokenProps {
  room: string;
  line: SpokenLine;
  head: boolean;
  tail: boolean;
  /** Own member number. */
  you: number;
  /** Of an earlier life of the room. */
  old: boolean;
  /** Is the pointer or the focus on it? Then its tools are there. */
  active: boolean;
  /** Is it the one that Tab leads to? The arrows lead on from there. */
  first: boolean;
}

/** Can one do something with it? It has a number, and the room still knows it. */
export const isChangeable = (line: SpokenLine, old: boolean): boolean => line.seq !== null && !old && !isBeingDeleted(line);

const isBeingDeleted = (line: SpokenLine): boolean => line.changes?.some(({ kind, state }) => kind === 'delete' && state === 'queued') === true;

/** Reads signals (the language), so it is drawn again only when its own props change: long logs depend on that. */
export function Spoken({ room, line, head, tail, you, old, active, first }: SpokenProps) {
  const { own, state } = line;
  const name = line.name === '' ? t('someone') : line.name;
  const classes = ['msg', own ? 'own' : 'other', state];
  if (!head) classes.push('cont');
  if (!tail) classes.push('followed');
  if (line.kind === 'private') classes.push('private');
  if (isBeingDeleted(line)) classes.push('going');
  else if (line.changes?.some((change) => change.kind === 'edit' && change.state === 'queued')) classes.push('changing');
  return (
    <li class={classes.join(' ')} data-key={line.key} tabIndex={first ? 0 : -1} style={own ? undefined : { '--h': String(hueOf(line.name)) }}>
      {head && !own && <Star name={name} />}
      <div class="talk">
        {head ? <Head room={room} line={line} name={name} /> : <span class="vh">{own ? t('youTag') : name}: </span>}
        <div class="said">
          <div class="stack"><Prose text={line.text} /></div>
          {active && isChangeable(line, old) && <Tools room={room} line={line} you={you} />}
        </div>
        {!head && <time class="vh">{time(line.at)}</time>}
        <Marks room={room} line={line} you={you} old={old} />
        {own && state !== 'sent' && <State room={room} line={line} />}
        <ChangeStates room={room} line={line} />
      </div>
    </li>
  );
}

/** Beside the message, for pointers and for Tab; on a narrow screen one button that leads to all of it. */
function Tools({ room, line, you }: { room: string; line: SpokenLine; you: number }) {
  const mine = line.own && line.from === you;
  const open = (event: Event) => { if (event.currentTarget instanceof HTMLElement) lineMenu.value = { room, line, you, opener: event.currentTarget }; };
  const tool = (name: 'smile' | 'pencil' | 'bin' | 'more', words: string, act: (event: Event) => void, more: object = {}) =>
    <button type="button" aria-label={words} title={words} onClick={act} {...more}><Icon name={name} /></button>;
  return (
    <div class="linetools" role="group" aria-label={t('lineMenu')}>
      {narrow.value ? tool('more', t('lineMenu'), open, { 'aria-haspopup': 'dialog' }) : (
        <>
          {tool('smile', t('react'), open, { 'aria-haspopup': 'dialog' })}
          {mine && tool('pencil', t('edit'), () => startEditing(room, line))}
          {mine && tool('bin', t('delete'), () => openSheet({ kind: 'delete', room, key: line.key }))}
        </>
      )}
    </div>
  );
}

function Head({ room, line, name }: { room: string; line: SpokenLine; name: string }) {
  const person = { id: line.from, name: line.name, guest: line.kind === 'message' && line.guest };
  return (
    <header>
      {line.own
        ? <span class="vh">{t('youTag')}</span>
        : <button type="button" class="author" aria-haspopup="menu" onClick={(event) => openMenu(event.currentTarget, room, person)}><bdi>{name}</bdi></button>}
      {person.guest && <span class="tag">{t('guest')}</span>}
      {line.kind === 'private' && <span class="tag secret"><Icon name="private" /><span>{line.own ? nodes('privateTo', { name: line.toName }) : t('privateToYou')}</span></span>}
      <time>{time(line.at)}</time>
    </header>
  );
}

function State({ room, line }: { room: string; line: SpokenLine }) {
  const drop = <button type="button" onClick={() => chat.discard(room, line.key)}>{t('delete')}</button>;
  // A line that was handed over may have arrived: it can no longer be taken back.
  if (line.state === 'queued') {
    return (
      <div class="state waits">
        <Icon name="clock" /><span>{t('waiting')}{line.error && `. ${errorText(line.error)}`}</span>
        {(line.id === undefined || line.error) && <span class="choices">{line.error && <button type="button" onClick={() => chat.retry(room, line.key)}>{t('sendAgain')}</button>}{line.id === undefined && drop}</span>}
      </div>
    );
  }
  const words = line.stray ? t('strayEdit') : line.state === 'unconfirmed' ? t('notConfirmed') : t('notSent');
  const near = line.error?.near ?? [];
  return (
    <div class="state">
      <Icon name="alert" />
      <span>
        {words}
        {line.error && !(line.stray && line.error.code === 'no_such_line') && ` ${errorText(line.error)}`}
        {near.length > 0 && <> {nodes('near', { names: anyOf(near) })}</>}
      </span>
      <span class="choices">
        <button type="button" onClick={() => chat.retry(room, line.key)}>{t(line.stray ? 'sendAsNew' : 'sendAgain')}</button>
        {drop}
      </span>
    </div>
  );
}

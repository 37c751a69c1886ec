// One message in the conversation.
import type { SpokenLine } from '../log/rows.ts';
import { hueOf } from '../person.ts';
import { anyOf, nodes, t, time } from '../i18n/inside.ts';
import { chat } from '../state/core.ts';
import { openMenu } from '../state/menu.ts';
import { errorText } from '../state/words.ts';
import { Icon } from './Icon.tsx';
import { Prose } from './Prose.tsx';
import { Star } from './Star.tsx';

export interface SpokenProps {
  room: string;
  line: SpokenLine;
  head: boolean;
  tail: boolean;
}

/** Reads signals (the language), so it is drawn again only when its own props change: long logs depend on that. */
export function Spoken({ room, line, head, tail }: SpokenProps) {
  const { own, state } = line;
  const name = line.name === '' ? t('someone') : line.name;
  const classes = ['msg', own ? 'own' : 'other', state];
  if (!head) classes.push('cont');
  if (!tail) classes.push('followed');
  if (line.kind === 'private') classes.push('private');
  return (
    <li class={classes.join(' ')} data-key={line.key} style={own ? undefined : { '--h': String(hueOf(line.name)) }}>
      {head && !own && <Star name={name} />}
      <div class="talk">
        {head ? <Head room={room} line={line} name={name} /> : <span class="vh">{own ? t('youTag') : name}: </span>}
        <div class="stack"><Prose text={line.text} /></div>
        {!head && <time class="vh">{time(line.at)}</time>}
        {own && state !== 'sent' && <State room={room} line={line} />}
      </div>
    </li>
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
  if (line.state === 'queued') return <div class="state"><Icon name="clock" /><span>{t('waiting')}</span>{line.id === undefined && <span class="choices">{drop}</span>}</div>;
  const words = line.state === 'unconfirmed' ? t('notConfirmed') : t('notSent');
  const near = line.error?.near ?? [];
  return (
    <div class="state">
      <Icon name="alert" />
      <span>
        {words}
        {line.error && ` ${errorText(line.error)}`}
        {near.length > 0 && <> {nodes('near', { names: anyOf(near) })}</>}
      </span>
      <span class="choices">
        <button type="button" onClick={() => chat.retry(room, line.key)}>{t('sendAgain')}</button>
        {drop}
      </span>
    </div>
  );
}

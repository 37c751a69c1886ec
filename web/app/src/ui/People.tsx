// Who is in the room, the way to bring others in, and the way out.
import type { Person, RoomView } from '../../../client/src/index.ts';
import { count, number, t } from '../i18n/inside.ts';
import { chat } from '../state/chat.ts';
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
      <PeopleList room={room} />
      <div class="card"><Share room={room} compact /></div>
      <LeaveButton room={room.room} />
    </aside>
  );
}

export function PeopleList({ room }: { room: RoomView }) {
  const you = room.people.find((one) => one.id === room.you);
  const others = room.people.filter((one) => one.id !== room.you);
  const more = room.count - room.people.length;
  return (
    <ul class="persons">
      {you !== undefined && <li><div class="person"><Star name={you.name} /><span class="who"><bdi>{you.name}</bdi><small>{t('you')}</small></span></div></li>}
      {others.map((one) => <li key={one.id}><Other person={one} room={room.room} typing={room.typing.some((typist) => typist.id === one.id)} /></li>)}
      {more > 0 && <li class="rest">{room.morePeople ? <button type="button" class="textbtn" onClick={() => chat.morePeople(room.room)}>{count('andMore', more)}</button> : count('andMore', more)}</li>}
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

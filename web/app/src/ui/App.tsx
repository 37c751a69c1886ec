// Which of the pages is shown.
import { useEffect } from 'preact/hooks';
import { begun, properName, remembers, view, withChat } from '../state/chat.ts';
import { inside, loadInside } from '../state/inside.ts';
import { attempt, trying } from '../state/joining.ts';
import { go, place } from '../state/place.ts';
import { sheet } from '../state/sheet.ts';
import { uninvited } from '../state/ticket.ts';
import { announced, toast } from '../state/toast.ts';
import { Invite } from './Invite.tsx';
import { Lobby } from './Lobby.tsx';
import { NotLoaded } from './NotLoaded.tsx';
import { Uninvited } from './Uninvited.tsx';

export function App() {
  const wanted = place.value.room;
  const tried = attempt.value?.room;
  // A room that is being tried is not there yet: its form is.
  const rooms = view.value.rooms.filter((room) => room.status !== 'left' && room.room !== tried);
  const proper = properName(wanted);
  const room = rooms.find((one) => one.room === proper)?.room ?? null;
  const page = room !== null || (wanted === null && rooms.length > 0);
  // In rooms before the reload: which page it is will be known when the core is there.
  const waiting = remembers && !begun.value;
  useEffect(() => { withChat((chat) => chat.open(wanted)); }, [wanted]);
  useEffect(() => { if (room !== null && room !== wanted) go(room, 'replace'); }, [room, wanted]);
  return (
    <>
      {uninvited.value !== null ? <Uninvited error={uninvited.value} /> : page || waiting ? null : wanted === null ? <Lobby /> : <Invite room={wanted} />}
      <Later page={page && uninvited.value === null} room={room} needed={page || waiting || trying() || sheet.value !== null} />
      <p class="toast" role="status">{toast.value !== null && <span>{toast.value}</span>}</p>
      <p class="vh" role="status">{announced.value}</p>
    </>
  );
}

function Later({ page, room, needed }: { page: boolean; room: string | null; needed: boolean }) {
  const state = inside.value;
  useEffect(() => { if (needed) loadInside(); }, [needed]);
  if (state.Inside !== null) return <state.Inside page={page} room={room} />;
  return needed && state.failed ? <NotLoaded /> : null;
}

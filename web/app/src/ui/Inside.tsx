// Everything beyond the front pages, as one part that is loaded after them.
import '../styles/inside.css';
import { view } from '../state/chat.ts';
import { RoomScreen } from './RoomScreen.tsx';
import { Sheets } from './Sheets.tsx';

/** `page`: whether a room (or the list of rooms) is shown; the dialogs are there on every page. */
export function Inside({ page, room }: { page: boolean; room: string | null }) {
  const here = view.value.rooms.find((one) => one.room === room) ?? null;
  return (
    <>
      {page && <RoomScreen room={here} />}
      <Sheets />
    </>
  );
}

// A room's name wherever it is shown. Codes run left to right in every language: without that, two groups change places in Persian.
import { codeText, nodes } from '../i18n/index.ts';

export interface RoomNameProps {
  room: string;
  isCode: boolean;
  /** Only the code, without the word "Room". */
  bare?: boolean;
}

export function RoomName({ room, isCode, bare = false }: RoomNameProps) {
  if (!isCode) return <bdi>{room}</bdi>;
  const code = <span class="num" dir="ltr">{codeText(room)}</span>;
  return bare ? code : <>{nodes('room', { code })}</>;
}

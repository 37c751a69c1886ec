// Rooms at the side, one conversation in the middle, its people at the end. On a phone: one of them at a time.
import type { RoomView } from '../../../client/src/index.ts';
import { t } from '../i18n/inside.ts';
import { chat } from '../state/core.ts';
import { narrow } from '../state/width.ts';
import { errorText } from '../state/words.ts';
import { Banner } from './Banner.tsx';
import { Composer } from './Composer.tsx';
import { Header } from './Header.tsx';
import { Icon } from './Icon.tsx';
import { JoinForm } from './JoinForm.tsx';
import { LineMenu } from './LineMenu.tsx';
import { Log } from './Log.tsx';
import { PeopleColumn } from './People.tsx';
import { PersonMenu } from './PersonMenu.tsx';
import { Rail } from './Rail.tsx';
import { Refused } from './Refused.tsx';
import { TypingLine } from './TypingLine.tsx';

export function RoomScreen({ room }: { room: RoomView | null }) {
  if (room === null) return narrow.value ? <Listing /> : <div class="room listing"><Rail active={null} /><Choosing /></div>;
  return (
    <div class="room talking">
      <a class="skip" href="#composer">{t('skipToComposer')}</a>
      {!narrow.value && <Rail active={room.room} />}
      <Talk room={room} />
      {!narrow.value && <PeopleColumn room={room} />}
    </div>
  );
}

/** Narrow screens: the rooms are a page of their own. */
function Listing() {
  return (
    <div class="room listing">
      <main class="listpane"><h1 class="vh">{t('yourRooms')}</h1><Banner /><Rail active={null} page /></main>
    </div>
  );
}

function Talk({ room }: { room: RoomView }) {
  return (
    <main class="talkpane">
      <Header room={room} />
      <Banner />
      <Log key={room.room} room={room} />
      <div class="foot">
        {room.notice !== undefined && (
          <p class="notice" role="alert">
            <Icon name="alert" /><span>{errorText(room.notice)}</span>
            <button type="button" onClick={() => chat.dismiss(room.room)}>{t('dismiss')}</button>
          </p>
        )}
        <TypingLine people={room.typing} />
        {room.status === 'refused' ? <Refused room={room} /> : <Composer key={room.room} room={room} />}
      </div>
      <PersonMenu inDialog={false} />
      <LineMenu />
    </main>
  );
}

/** Wide screens, with rooms but none chosen: the form stands where a conversation would. */
function Choosing() {
  return (
    <main class="talkpane choosing">
      <Banner />
      <div class="choosingbody"><h1>{t('anotherRoom')}</h1><p class="lead">{t('pickRoom')}</p><JoinForm /></div>
    </main>
  );
}

import { useEffect, useRef, useState, useSyncExternalStore, type FormEvent } from 'react';
import { createRoot } from 'react-dom/client';
import { browser, Chat, withFallback, type Line, type RoomView } from '@charsu/client';
import { banner, mark, note, server, typing } from '../shared/words.js';

// One chat for the page: a tab is a person, and a reload is the same person. Where the network lets no WebSocket through it goes by requests.
const chat = new Chat({ url: `${server.replace(/^http/, 'ws')}/ws`, storage: sessionStorage, connect: withFallback(browser) });
const subscribe = (listener: () => void) => chat.subscribe(listener);
const useChat = () => useSyncExternalStore(subscribe, () => chat.view);

function Page() {
  const { link, rooms: [room] } = useChat();
  if (room === undefined || room.status === 'refused' || room.status === 'left') return <Door refusal={room?.refusal?.message} />;
  return (
    <main className="chat">
      <header>
        <h1>{room.room}</h1>
        <ul className="people" aria-label="People">{room.people.map(({ id, name }) => <li key={id}><bdi>{name}</bdi></li>)}</ul>
        <button className="quiet" onClick={() => chat.leave(room.room)}>Leave</button>
      </header>
      <p className="banner" role="status">{banner(link)}</p>
      <Log lines={room.lines} />
      <p className="typing" role="status">{typing(room.typing)}</p>
      <Composer room={room} />
    </main>
  );
}

function Door({ refusal }: { refusal: string | undefined }) {
  const enter = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    // Somebody who was refused may choose another room.
    for (const { room } of chat.view.rooms) chat.leave(room);
    chat.join(String(fields.get('code')), String(fields.get('name')));
  };
  return (
    <main className="door">
      <form onSubmit={enter}>
        <h1>Charsu with React</h1>
        <label>Code <input name="code" required dir="auto" autoComplete="off" /></label>
        <label>Name <input name="name" required dir="auto" autoComplete="nickname" /></label>
        <button>Join</button>
        {refusal !== undefined && <p role="alert">{refusal}</p>}
      </form>
    </main>
  );
}

function Log({ lines }: { lines: readonly Line[] }) {
  const log = useRef<HTMLDivElement>(null);
  useEffect(() => void log.current?.scrollTo({ top: log.current.scrollHeight }), [lines]);
  return (
    <div className="log" role="log" aria-label="Conversation" tabIndex={0} ref={log}>
      <ol>{lines.map((line) => <Row key={line.key} line={line} />)}</ol>
    </div>
  );
}

function Row({ line }: { line: Line }) {
  if (line.kind !== 'message' && line.kind !== 'private') return <li className="note">{note(line)}</li>;
  return (
    <li className={line.own ? 'own' : ''}>
      {!line.own && <b><bdi>{line.name}</bdi></b>}
      <p dir="auto">{line.text}</p>
      {line.state !== 'sent' && <small>{mark(line.state)}</small>}
    </li>
  );
}

function Composer({ room }: { room: RoomView }) {
  const [draft, setDraft] = useState('');
  const send = (event: FormEvent) => {
    event.preventDefault();
    // False if it cannot be taken: then it stays with the person who wrote it.
    if (chat.say(room.room, draft)) setDraft('');
  };
  const write = (text: string) => {
    setDraft(text);
    chat.keystroke(room.room);
  };
  return (
    <form className="composer" onSubmit={send}>
      <input aria-label="Message" placeholder="Write a message" dir="auto" autoComplete="off" value={draft} onChange={(event) => write(event.target.value)} />
      <button>Send</button>
    </form>
  );
}

addEventListener('online', () => chat.online(true));
addEventListener('offline', () => chat.online(false));
createRoot(document.getElementById('root')!).render(<Page />);

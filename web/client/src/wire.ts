// One socket's life: opening, hello, frames in and out, and noticing that it is dead although nobody said so.
// Knows nothing of rooms and never reconnects.
import { Alarm } from './alarm.ts';
import { decodeText } from './decode.ts';
import type { Heard } from './frames.ts';
import type { Surroundings, WebSocketLike } from './platform.ts';
import type { ClientFrame } from './protocol.ts';

const PROTOCOL = 'charsu.v1';
/** From the first packet to the welcome, ms. */
const WELCOME_MS = 15_000;
/** A ping that nothing follows for so long means a dead socket, ms. */
const PONG_MS = 10_000;
/** The same where there is reason to doubt the socket: the network changed, or the page comes back to the front. */
const PROBE_MS = 3_000;
/** An attempt that is not welcomed after so long is begun anew when the network changes, ms. */
const STUCK_MS = 2_000;
/** A page in the front that heard something this lately need not ask, ms. */
const FRESH_MS = 5_000;
/** A command that is not answered for so long was lost by the server, ms. Sent again on a new socket it is recognised. */
const ANSWER_MS = 30_000;
/** Our own close code. Not 1000, which says that one has finished: the same person comes back. */
const COMING_BACK = 4900;
const OPEN = 1;
/** The close code of a token that is taken no more. */
export const TOKEN = 4401;

/** The engine's own. */
declare function fetch(url: string, request: { headers: { authorization: string } }): Promise<{ text(): Promise<string> }>;

export interface WireEvents {
  /** The socket is open; the first frame is sent from here. */
  opened(): void;
  frame(frame: Heard): void;
  /** Once, at the end of every socket that was not ended by `drop`. Code 0: it was given up, not closed. */
  lost(code: number, reason: string): void;
  /** After that, perhaps: it did not open, and this is what the server says of the token, or of itself. */
  readonly asked: (words: string) => void;
}

export class Wire {
  readonly #env: Surroundings;
  readonly #events: WireEvents;
  readonly #alarm: Alarm;
  readonly #started: number;
  /** Commands that wait for their answer, by the time they were sent; in order of time. */
  readonly #asked = new Map<number, number>();
  #socket: WebSocketLike | null = null;
  #heartbeat = 0;
  #heardAt: number;
  #ping: { at: number; wait: number } | null = null;
  #over = false;

  constructor(url: string, env: Surroundings, events: WireEvents) {
    this.#env = env;
    this.#events = events;
    this.#started = this.#heardAt = env.now();
    this.#alarm = new Alarm(env, () => this.#watch());
    // Where the engine refuses the address, or there is no token for now, it is told like any other loss.
    this.#open(url).catch(() => this.#end());
    this.#watch();
  }

  /** At once, unless a token is waited for. */
  async #open(url: string): Promise<void> {
    const { token: given } = this.#env;
    const token = typeof given === 'function' ? await given() : given;
    if (this.#over) return;
    const socket = this.#env.connect(url, token ? [PROTOCOL, `bearer.${token}`] : PROTOCOL);
    this.#socket = socket;
    socket.onopen = () => this.#events.opened();
    socket.onmessage = (event) => this.#hear(event.data);
    socket.onclose = ({ code, reason }) => {
      // No engine tells why a socket did not open: the server is asked what it thinks of the token, or of there being none. Nobody waits
      // for the answer: where there is no server there is none.
      if (!this.#heartbeat && !reason) {
        fetch(`http${url.slice(2, -2)}api/about`, { headers: { authorization: `Bearer ${token || ''}` } })
          .then((answer) => answer.text()).then(this.#events.asked, () => {});
      }
      this.#end(code, reason);
    };
    // A close always follows, and says more.
    socket.onerror = () => {};
  }

  /** Hands a frame to the socket; false if there is none to take it. */
  send(frame: ClientFrame): boolean {
    if (this.#socket?.readyState !== OPEN) return false;
    try {
      this.#socket.send(JSON.stringify(frame));
    } catch {
      return false;
    }
    if ('id' in frame) {
      this.#asked.set(frame.id, this.#env.now());
      this.#watch();
    }
    return true;
  }

  /** Welcomed: from now on the server is heard from at least this often, or is asked. */
  beat(heartbeatMs: number): void {
    this.#heartbeat = Math.max(1_000, heartbeatMs);
    this.#watch();
  }

  /** Has it been trying for a while, and is still not welcomed? Perhaps on a network that is no longer there. */
  get isStuck(): boolean {
    return this.#heartbeat === 0 && this.#env.now() - this.#started >= STUCK_MS;
  }

  /** There is reason to think that the socket may be dead: ask now, and do not wait long. */
  probe(): void {
    if (this.#heartbeat) this.#asking(PROBE_MS);
  }

  /** The same, unless something was heard just now. */
  probeIfQuiet(): void {
    if (this.#env.now() - this.#heardAt >= FRESH_MS) this.probe();
  }

  /** Ends the socket without waiting for its last word; `lost` is not called. */
  drop(code = COMING_BACK): void {
    const socket = this.#socket;
    this.#over = true;
    this.#alarm.off();
    this.#socket = null;
    if (socket === null) return;
    // Not its errors: one that nobody hears would end a program in Node.
    socket.onopen = socket.onmessage = socket.onclose = null;
    try {
      socket.close(code);
    } catch {
      // It was closed already, or the engine allows no such code: it is out of our hands either way.
    }
  }

  /** Without arguments: given up, because something did not come in time. */
  #end(code = 0, reason = ''): void {
    if (this.#over) return;
    this.drop();
    this.#events.lost(code, reason);
  }

  #hear(data: unknown): void {
    this.#heardAt = this.#env.now();
    this.#ping = null;
    const frame = decodeText(data);
    if (frame === null) return;
    // Most have none.
    this.#asked.delete((frame as { id?: number }).id as number);
    this.#events.frame(frame);
  }

  #asking(wait: number): void {
    this.#ping = { at: this.#env.now(), wait };
    this.send({ type: 'ping' });
    this.#watch();
  }

  /** Looks at the clock, acts if something is overdue, and sets the alarm for the next look. */
  #watch(): void {
    if (this.#over) return;
    const now = this.#env.now();
    // Somebody set the clock back.
    if (this.#heardAt > now) this.#heardAt = now;
    const [asked] = this.#asked.values();
    const answer = (asked ?? now) + ANSWER_MS;
    const welcomed = this.#heartbeat > 0;
    const due = !welcomed ? this.#started + WELCOME_MS : this.#ping === null ? this.#heardAt + this.#heartbeat : this.#ping.at + this.#ping.wait;
    if (now < due && now < answer) this.#alarm.at(Math.min(due, answer));
    else if (now < answer && welcomed && this.#ping === null) this.#asking(PONG_MS);
    else this.#end();
  }
}

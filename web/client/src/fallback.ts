// Which way to the server: a WebSocket, or requests where the network lets none through; and back as soon as it does.
import { EventSocket } from './by-http.ts';
import type { Surroundings, WebSocketLike } from './platform.ts';

/** So many sockets in a row that did not open, and it is tried without. */
export const FAILURES_UNTIL_HTTP = 2;
/** When it is first looked whether a socket opens after all, ms: the server may just have been away. */
export const FIRST_LOOK_MS = 2_000;
/** How often after that, ms. */
export const LOOK_MS = 30_000;
/** The end of a connection that is replaced by a better one. The same person comes back at once. */
const BETTER = 4901;

type Connect = Surroundings['connect'];
type Needs = Pick<Surroundings, 'connect' | 'setTimer' | 'clearTimer'>;

/** What stands before a token among the subprotocols. */
const BEARER = 'bearer.';

function tokenIn(protocol: string | string[]): string | undefined {
  return [protocol].flat().find((one) => one.startsWith(BEARER))?.slice(BEARER.length);
}

/** Connects as `env` does, and without a WebSocket after that failed some times in a row. */
export function withFallback(env: Needs, byHttp = (url: string, token?: string) => new EventSocket(url, env.setTimer, undefined, token)): Connect {
  let failures = 0;

  function watched(url: string, protocol: string | string[]): WebSocketLike {
    let socket: WebSocketLike;
    try {
      socket = env.connect(url, protocol);
    } catch (refused) {
      failures += 1;
      throw refused;
    }
    let isOver = false;
    const seen: WebSocketLike = {
      get readyState() { return socket.readyState; },
      send: (text) => socket.send(text),
      close: (code, reason) => {
        over();
        socket.close(code, reason);
      },
      onopen: null, onmessage: null, onclose: null, onerror: null,
    };
    let wasOpen = false;
    const over = (): void => {
      if (!isOver && !wasOpen) failures += 1;
      isOver = true;
    };
    socket.onopen = (event) => {
      wasOpen = true;
      failures = 0;
      seen.onopen?.(event);
    };
    socket.onmessage = (event) => seen.onmessage?.(event);
    socket.onerror = (event) => seen.onerror?.(event);
    socket.onclose = (event) => {
      over();
      seen.onclose?.(event);
    };
    return seen;
  }

  function around(url: string, protocol: string | string[]): WebSocketLike {
    const line = byHttp(url, tokenIn(protocol));
    let timer = 0;
    let probe: WebSocketLike | null = null;
    const forget = (): void => {
      if (probe === null) return;
      probe.onopen = probe.onclose = null;
      probe.close();
      probe = null;
    };
    const over = (): void => {
      env.clearTimer(timer);
      forget();
      // It was not the socket's fault: the server is away, and is asked in the ordinary way again.
      if (!line.wasHeard) failures = 0;
    };
    const look = (): void => {
      forget();
      timer = env.setTimer(look, LOOK_MS);
      try {
        probe = env.connect(url, protocol);
        probe.onopen = () => {
          failures = 0;
          line.end(BETTER, 'a socket opens again');
        };
      } catch {
        // As before.
      }
    };
    timer = env.setTimer(look, FIRST_LOOK_MS);
    const seen: WebSocketLike = {
      get readyState() { return line.readyState; },
      send: (text) => line.send(text),
      close: () => {
        over();
        line.close();
      },
      onopen: null, onmessage: null, onclose: null, onerror: null,
    };
    line.onopen = (event) => seen.onopen?.(event);
    line.onmessage = (event) => seen.onmessage?.(event);
    line.onclose = (event) => {
      over();
      seen.onclose?.(event);
    };
    return seen;
  }

  return (url, protocol) => failures < FAILURES_UNTIL_HTTP ? watched(url, protocol) : around(url, protocol);
}

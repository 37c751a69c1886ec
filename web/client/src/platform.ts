// The few things of the surrounding engine that the core may use, each replaceable by a test.
// No DOM and no secure context are assumed: a page on plain http in a local network has all of these.

/** As much of a browser's WebSocket as is used here. */
export interface WebSocketLike {
  readonly readyState: number;
  send(text: string): void;
  close(code?: number, reason?: string): void;
  onopen: ((event: unknown) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: ((event: unknown) => void) | null;
}

export interface StorageLike {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** The engine's own, in a shape that neither needs nor contradicts the DOM's types. */
interface Engine {
  setTimeout(run: () => void, ms: number): number;
  clearTimeout(timer: number): void;
  queueMicrotask(run: () => void): void;
  WebSocket: new (url: string, protocol: string | string[]) => WebSocketLike;
}

/** What a server lets one in by (docs/auth.md); a function is asked before every connection, so that it can give a fresh one. */
export type Token = string | (() => string | undefined | Promise<string | undefined>);

const engine = globalThis as unknown as Engine;

/** Time, chance and the way out, as arguments. */
export interface Surroundings {
  /** Milliseconds; Unix time, because own lines show it until the server's is known. */
  now(): number;
  /** 0 <= x < 1. */
  random(): number;
  setTimer(run: () => void, ms: number): number;
  clearTimer(timer: number): void;
  /** `protocol`: charsu.v1; before a token, that and `bearer.TOKEN`. */
  connect(url: string, protocol: string | string[]): WebSocketLike;
  microtask(run: () => void): void;
  readonly token?: Token;
}

export const browser: Surroundings = {
  now: () => Date.now(),
  random: () => Math.random(),
  setTimer: (run, ms) => engine.setTimeout(run, ms),
  clearTimer: (timer) => engine.clearTimeout(timer),
  connect: (url, protocol) => new engine.WebSocket(url, protocol),
  microtask: (run) => engine.queueMicrotask(run),
};

/** The engine's own WebSocket, if it has one: Node has it from 22 on. */
export function ownWebSocket(): Engine['WebSocket'] | undefined {
  return engine.WebSocket;
}

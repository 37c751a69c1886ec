// The server's ordinary HTTP side, and where it is. Knows nothing of the chat itself.
import type { ErrorNotice } from '../../../client/src/index.ts';
import { credentials, uninvited } from './ticket.ts';

/**
 * Normally the page comes from its server. Built with `VITE_CHARSU_SERVER=https://chat.example npm run build` it is a folder of
 * static files for any other host, which must answer `/r/*` with index.html and allow that server in its CSP's connect-src; the
 * server must allow the page's origin (`--allow-origin`).
 */
const SERVER: string = (import.meta.env['VITE_CHARSU_SERVER'] as string | undefined)?.replace(/\/+$/, '') || location.origin;

/** What programs can say to it. In English. */
export const docsUrl = `${SERVER}/docs`;

export const socketUrl = (): string => `${SERVER.replace(/^http/, 'ws')}/ws`;

export type Answer<T> = { ok: true; value: T } | { ok: false; error: ErrorNotice };

async function ask<T>(path: string, method: 'GET' | 'POST'): Promise<Answer<T>> {
  let answer: Response;
  try {
    const headers = { accept: 'application/json', ...credentials() };
    answer = await fetch(SERVER + path, { method, headers, cache: 'no-store' });
  } catch {
    return { ok: false, error: { code: 'unreachable', message: '' } };
  }
  const body: unknown = await answer.json().catch(() => null);
  if (answer.ok && body !== null) return { ok: true, value: body as T };
  const error = errorOf(body, answer.status);
  if (answer.status === 401) uninvited.value = error;
  return { ok: false, error };
}

function errorOf(body: unknown, status: number): ErrorNotice {
  const told = (typeof body === 'object' ? body : null) as { code?: unknown; message?: unknown } | null;
  if (typeof told?.code === 'string') return { code: told.code, message: typeof told.message === 'string' ? told.message : '' };
  return { code: status === 404 ? 'room_not_found' : status === 429 ? 'rate_limited' : 'unknown', message: '' };
}

export const createRoom = (): Promise<Answer<{ code: string }>> => ask('/api/rooms', 'POST');

export const lookAt = (room: string): Promise<Answer<{ room: string; people: number }>> => ask(`/api/rooms/${encodeURIComponent(room)}`, 'GET');

export interface About {
  version: string;
  /** An address at which other machines reach the server, when the page's own is a loopback. */
  share_base: string | null;
  newcomers?: 'none' | 'recent' | 'all';
  /** Where rooms are kept: in memory, or on the server's disk. Servers that do not say keep them in memory. */
  store?: 'memory' | 'sqlite';
  /** How long what was said is kept, where it is stored; null: as long as the room. */
  retention_ms?: number | null;
  /** Whether nobody comes in without a token, and the name that the present one gives. */
  token?: 'none' | 'required';
  name?: string | null;
  /** How long an empty room lives. */
  room_idle_ms?: number;
}

export const about = (): Promise<Answer<About>> => ask('/api/about', 'GET');

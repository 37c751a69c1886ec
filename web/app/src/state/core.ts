// The core (web/client) does the work of the chat; here it meets the browser. Loaded with the rooms.
import { browser, Chat, EventSocket, withFallback, type Fetch, type WebSocketLike } from '../../../client/src/index.ts';
import { begin } from './chat.ts';
import { forTab } from './keep.ts';
import { socketUrl } from './server.ts';
import { credentials, protocols } from './ticket.ts';

// The token goes along in each way. Only in the eyes of the types is the browser's own not as the core wants it.
const connect = (url: string, protocol: string) => new WebSocket(url, protocols(protocol)) as unknown as WebSocketLike;
const ask: Fetch = (url, { headers, ...request }) => fetch(url, { ...request, headers: { ...headers, ...credentials() } } as RequestInit);
const byHttp = (url: string) => new EventSocket(url, browser.setTimer, { fetch: ask, AbortController, TextDecoder });

export const chat = new Chat({ url: socketUrl(), storage: forTab, connect: withFallback({ ...browser, connect }, byHttp) });

begin(chat);

// What the browser knows about the network and the eyes on the page.
const seen = () => { chat.visible(document.visibilityState === 'visible' && document.hasFocus()); };
const net = () => { chat.online(navigator.onLine); };
addEventListener('online', net);
addEventListener('offline', net);
// A page that comes out of the back-forward cache has a dead socket and was told nothing.
addEventListener('pageshow', (event) => { if (event.persisted) chat.reconnectNow(); });
document.addEventListener('visibilitychange', seen);
addEventListener('focus', seen);
addEventListener('blur', seen);
net();
seen();

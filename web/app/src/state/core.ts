// The core (web/client) does the work of the chat; here it meets the browser. Loaded with the rooms.
import { browser, Chat, withFallback } from '../../../client/src/index.ts';
import { begin } from './chat.ts';
import { forTab } from './keep.ts';
import { socketUrl } from './server.ts';
import { token } from './ticket.ts';

// Another token comes with another page: see ticket.ts.
export const chat = new Chat({ url: socketUrl(), storage: forTab, token: token() ?? '', connect: withFallback(browser) });

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

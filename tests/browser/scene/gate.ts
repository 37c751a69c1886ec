// A gate between a page and the server: what passes it can be held or lost, and the page is told nothing of it.
import type { WebSocketRoute } from '@playwright/test';
import type { Person } from './person.ts';

type Way = 'toServer' | 'toPage';
/** `open`: frames pass. `held`: they wait, and new sockets do not open. */
type State = 'open' | 'held';

interface Passage {
  readonly page: WebSocketRoute;
  readonly server: WebSocketRoute;
  readonly waiting: Record<Way, (string | Buffer)[]>;
}

export class Gate {
  readonly #passages = new Set<Passage>();
  readonly #state: Record<Way, State> = { toServer: 'open', toPage: 'open' };
  readonly #opened: (() => void)[] = [];

  /** Before the page opens its first socket. */
  static async before(person: Person): Promise<Gate> {
    const gate = new Gate();
    await person.page.routeWebSocket(/\/ws$/, async (page) => {
      if (gate.#state.toServer === 'held') await new Promise<void>((open) => gate.#opened.push(open));
      gate.#join(page);
    });
    return gate;
  }

  #join(page: WebSocketRoute): void {
    const passage: Passage = { page, server: page.connectToServer(), waiting: { toServer: [], toPage: [] } };
    this.#passages.add(passage);
    page.onMessage((frame) => this.#pass(passage, 'toServer', frame));
    passage.server.onMessage((frame) => this.#pass(passage, 'toPage', frame));
    // What waits on a socket that ends is lost, as it would be anywhere.
    page.onClose((code, reason) => {
      this.#passages.delete(passage);
      passage.server.close({ ...(code === undefined ? {} : { code }), ...(reason === undefined ? {} : { reason }) });
    });
  }

  #pass(passage: Passage, way: Way, frame: string | Buffer): void {
    if (this.#state[way] === 'held') passage.waiting[way].push(frame);
    else if (this.#state[way] === 'open') (way === 'toServer' ? passage.server : passage.page).send(frame);
  }

  /** Nothing passes any more; it waits. */
  hold(...ways: Way[]): void {
    for (const way of ways.length > 0 ? ways : ['toServer', 'toPage'] as const) this.#state[way] = 'held';
  }

  /** The server's answer to what waits to reach it is no; nothing of it does. */
  refuse(error: { code: string; message: string }): void {
    this.#state.toServer = 'open';
    for (const { page, waiting } of this.#passages) {
      for (const frame of waiting.toServer.splice(0)) {
        const { id, room } = JSON.parse(String(frame)) as { id?: number; room?: string };
        if (id !== undefined) page.send(JSON.stringify({ type: 'error', ...error, id, room }));
      }
    }
  }

  /** Sockets that are open now are dead and do not know it; those that follow are well. */
  loseThese(): void {
    for (const passage of this.#passages) {
      passage.page.onMessage(() => undefined);
      passage.server.onMessage(() => undefined);
    }
    this.#passages.clear();
  }

  /** What waited goes on, in its order. */
  release(): void {
    this.#state.toServer = this.#state.toPage = 'open';
    for (const passage of this.#passages) {
      for (const frame of passage.waiting.toServer.splice(0)) passage.server.send(frame);
      for (const frame of passage.waiting.toPage.splice(0)) passage.page.send(frame);
    }
    for (const open of this.#opened.splice(0)) open();
  }
}

// A stretch of network between a browser and the server that can go dead: no packet passes, and neither end is told.
import { connect, createServer, type AddressInfo, type Server as Listener, type Socket } from 'node:net';
import type { Server } from './server.ts';

export class Line {
  readonly #listener: Listener;
  readonly #sockets = new Set<Socket>();
  #dead = false;

  private constructor(server: Server) {
    this.#listener = createServer((near) => {
      const far = connect(server.port, '127.0.0.1');
      for (const [one, other] of [[near, far], [far, near]] as const) {
        this.#sockets.add(one);
        one.on('data', (bytes) => { if (!this.#dead) other.write(bytes); });
        one.on('error', () => other.destroy());
        one.on('close', () => {
          this.#sockets.delete(one);
          if (!this.#dead) other.destroy();
        });
      }
    });
  }

  static async to(server: Server): Promise<Line> {
    const line = new Line(server);
    await new Promise<void>((ready) => line.#listener.listen(0, '127.0.0.1', ready));
    return line;
  }

  /** As the browser sees the server. */
  get origin(): string {
    return `http://127.0.0.1:${(this.#listener.address() as AddressInfo).port}`;
  }

  /** What is sent from now on is lost, and so is the news that it was. */
  die(): void {
    this.#dead = true;
  }

  /** What was connected stays dead; what connects from now on gets through. */
  mend(): void {
    for (const socket of this.#sockets) socket.removeAllListeners('data').removeAllListeners('close').on('data', () => undefined);
    this.#dead = false;
  }

  end(): void {
    this.#listener.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

// A stretch of network between a browser and the server that can go dead: no packet passes, and neither end is told. Or it is one
// of those that know HTTP and refuse WebSockets.
import { connect, createServer, type AddressInfo, type Server as Listener, type Socket } from 'node:net';
import type { Server } from './server.ts';

export class Line {
  readonly #listener: Listener;
  readonly #sockets = new Set<Socket>();
  readonly #webSockets = new Set<Socket>();
  #dead = false;
  #refuses = false;

  private constructor(server: Server) {
    this.#listener = createServer((near) => {
      const far = connect(server.port, '127.0.0.1');
      for (const [one, other] of [[near, far], [far, near]] as const) {
        this.#sockets.add(one);
        one.on('data', (bytes: Buffer) => {
          if (one === near && /^GET \/ws[ /?]/.test(bytes.subarray(0, 8).toString())) {
            if (this.#refuses) {
              near.removeAllListeners('data').end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
              return;
            }
            this.#webSockets.add(near);
            near.on('close', () => this.#webSockets.delete(near));
          }
          if (!this.#dead) other.write(bytes);
        });
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

  /** WebSockets are cut, and refused from now on. */
  refuseWebSockets(): void {
    this.#refuses = true;
    for (const socket of this.#webSockets) socket.destroy();
  }

  /** They are let through again. */
  letWebSockets(): void {
    this.#refuses = false;
  }

  end(): void {
    this.#listener.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

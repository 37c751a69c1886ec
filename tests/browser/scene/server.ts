// The server's binary in a process of its own, on a free port; it can be killed and come back in the same place.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { get } from 'node:https';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

const ROOT = resolve(__dirname, '../../..');
/** From exec to the ready line, ms. Far more than it takes: debug builds on busy machines. */
const READY_MS = 20_000;

/** Tests of one worker share a server and an address, and open more rooms in a minute than a person does. */
const DEFAULTS = ['--rooms-created-per-minute-per-address', '6000', '--failed-joins-per-minute-per-address', '6000', '--log', 'warn'];

function binary(): string {
  const target = process.env['CARGO_TARGET_DIR'] ?? resolve(ROOT, 'target');
  const given = process.env['CHARSU'];
  const [found] = (given === undefined ? [`${target}/debug/charsu`, `${target}/release/charsu`] : [given]).filter((path) => existsSync(path));
  if (found === undefined) throw new Error('there is no charsu: run cargo build');
  return found;
}

/** The settings of whoever runs the tests are not the tests'. */
function surroundings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CHARSU')));
}

export class Server {
  readonly #options: readonly string[];
  #child: ChildProcess | null = null;
  #port = 0;
  #scheme = 'http';

  private constructor(options: readonly string[]) {
    this.#options = options;
  }

  static async start(...options: string[]): Promise<Server> {
    const server = new Server(options);
    await server.again();
    return server;
  }

  get port(): number {
    return this.#port;
  }

  /** The server's address under some name. */
  origin(host = '127.0.0.1'): string {
    return `${this.#scheme}://${host}:${this.#port}`;
  }

  /** Starts it, the second time on the port that it had, and perhaps with more options. */
  async again(...more: string[]): Promise<void> {
    const child = spawn(binary(), ['--listen', `127.0.0.1:${this.#port}`, ...DEFAULTS, ...this.#options, ...more], {
      stdio: ['ignore', 'pipe', 'pipe'], env: surroundings(),
    });
    this.#child = child;
    // Nobody else ends it if this process ends early.
    const last = () => child.kill('SIGKILL');
    process.once('exit', last);
    child.once('exit', () => process.off('exit', last));
    ({ scheme: this.#scheme, port: this.#port } = await ready(child));
    if (!(await text(this.origin())).includes('<!doctype html>')) throw new Error(`${binary()} was built without its page`);
  }

  /** Dead at once, without a word to anybody. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** As an operator stops it: everybody is told. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => child.once('exit', done));
    child.kill(signal);
    await ended;
  }
}

/** What a GET is answered with. Nobody has to vouch for a server that these tests have started. */
async function text(url: string): Promise<string> {
  if (!url.startsWith('https:')) return (await fetch(url)).text();
  return new Promise((done, fail) => {
    get(url, { rejectUnauthorized: false, agent: false }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (part: string) => { body += part; }).on('end', () => done(body));
    }).on('error', fail);
  });
}

function ready(child: ChildProcess): Promise<{ scheme: string; port: number }> {
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => { log += text; });
  return new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`not ready in time\n${log}`)), READY_MS);
    child.once('error', fail);
    child.once('exit', (code) => fail(new Error(`ended with ${code} before it was ready\n${log}`)));
    if (child.stdout === null) return;
    createInterface(child.stdout).on('line', (line) => {
      const [, scheme, port] = /(https?):\/\/127\.0\.0\.1:(\d+)/.exec(line) ?? [];
      if (scheme === undefined || port === undefined) return;
      clearTimeout(timer);
      done({ scheme, port: Number(port) });
    });
  });
}

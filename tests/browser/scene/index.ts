// What every scene has: a server, people who arrive, and a watch over everything their browsers complain about.
import { expect, test as base, type BrowserContext, type BrowserContextOptions } from '@playwright/test';
import { Line } from './line.ts';
import { Person } from './person.ts';
import { Server } from './server.ts';
import type { Language } from './words.ts';

export interface Arrival {
  language?: Language;
  /** Another server than the worker's. */
  at?: Server | undefined;
  /** Under another name than 127.0.0.1. */
  host?: string;
  /** By a line of its own. */
  by?: Line;
  /** Where the page opens; null: not at all yet. */
  path?: string | null;
  theme?: 'light' | 'dark';
  context?: BrowserContextOptions;
}

interface OfATest {
  /** A server with settings of its own, ended with the test. */
  serve: (...options: string[]) => Promise<Server>;
  /** A line to a server. */
  lineTo: (server: Server) => Promise<Line>;
  /** Somebody opens the page in a browser of their own. */
  arrive: (arrival?: Arrival) => Promise<Person>;
  /** What browsers have complained about so far. It must be nothing at the end. */
  complaints: string[];
}

interface OfAWorker {
  server: Server;
}

export const test = base.extend<OfATest, OfAWorker>({
  server: [async ({}, use) => {
    const server = await Server.start();
    await use(server);
    await server.kill();
  }, { scope: 'worker' }],

  serve: async ({}, use) => {
    const servers: Server[] = [];
    await use(async (...options) => {
      const server = await Server.start(...options);
      servers.push(server);
      return server;
    });
    await Promise.all(servers.map((server) => server.kill()));
  },

  lineTo: async ({}, use) => {
    const lines: Line[] = [];
    await use(async (server) => {
      const line = await Line.to(server);
      lines.push(line);
      return line;
    });
    for (const line of lines) line.end();
  },

  complaints: async ({}, use) => {
    const complaints: string[] = [];
    await use(complaints);
    expect(complaints, 'what the browser complained about').toEqual([]);
  },

  arrive: async ({ browser, server, complaints, isMobile }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async ({ language = 'en', at = server, host = '127.0.0.1', by, path = '/', theme = 'light', context: options = {} } = {}) => {
      const context = await browser.newContext({ locale: language === 'fa' ? 'fa-IR' : 'en-GB', colorScheme: theme, ...options });
      contexts.push(context);
      const origin = by?.origin ?? at.origin(host);
      await watch(context, [new URL(origin).host], complaints);
      const person = new Person(await context.newPage(), { language, phone: isMobile, origin });
      if (path !== null) await person.go(path);
      return person;
    });
    await Promise.all(contexts.map((context) => context.close()));
  },
});

/** What belongs to the course of things: answers of 404 to a wrong code, and sockets while the server is away. */
const EXPECTED = [/^Failed to load resource: /, /^WebSocket connection to '[^']*' failed: /];

/** Nothing of a page may fail, break its own policy, or ask another host for anything. */
export async function watch(context: BrowserContext, hosts: readonly string[], complaints: string[]): Promise<void> {
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
      console.error(`the page broke its policy: ${violatedDirective} ${blockedURI}`);
    });
  });
  context.on('console', (message) => {
    const text = message.text();
    if (['error', 'warning', 'assert'].includes(message.type()) && !EXPECTED.some((one) => one.test(text))) complaints.push(`${message.type()}: ${text}`);
  });
  context.on('weberror', (error) => complaints.push(`uncaught: ${error.error().stack ?? error.error().message}`));
  const elsewhere = (url: string) => {
    const { protocol, host: asked } = new URL(url);
    if (/^(?:https?|wss?):$/.test(protocol) && !hosts.includes(asked)) complaints.push(`asked another host: ${url}`);
  };
  context.on('request', (request) => elsewhere(request.url()));
  context.on('page', (page) => page.on('websocket', (socket) => elsewhere(socket.url())));
}

export { expect };
export { Gate } from './gate.ts';
export { Line } from './line.ts';
export { literally, Person } from './person.ts';
export { Server } from './server.ts';
export { ELSEWHERE, LAN } from './hosts.ts';
export { digitsOf, phrase, type Language } from './words.ts';

// What every scene has: a server, people who arrive, and a watch over everything their browsers complain about.
import { expect, test as base, type BrowserContext, type BrowserContextOptions } from '@playwright/test';
import { Person } from './person.ts';
import { Server } from './server.ts';
import type { Language } from './words.ts';

export interface Arrival {
  language?: Language;
  /** Another server than the worker's. */
  at?: Server;
  /** Under another name than 127.0.0.1. */
  host?: string;
  /** Where the page opens; null: not at all yet. */
  path?: string | null;
  theme?: 'light' | 'dark';
  context?: BrowserContextOptions;
}

interface OfATest {
  /** A server with settings of its own, ended with the test. */
  serve: (...options: string[]) => Promise<Server>;
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

  complaints: async ({}, use) => {
    const complaints: string[] = [];
    await use(complaints);
    expect(complaints, 'what the browser complained about').toEqual([]);
  },

  arrive: async ({ browser, server, complaints, isMobile }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async ({ language = 'en', at = server, host = '127.0.0.1', path = '/', theme = 'light', context: options = {} } = {}) => {
      const context = await browser.newContext({ locale: language === 'fa' ? 'fa-IR' : 'en-GB', colorScheme: theme, ...options });
      contexts.push(context);
      await watch(context, new URL(at.origin(host)).host, complaints);
      const person = new Person(await context.newPage(), { language, phone: isMobile, origin: at.origin(host) });
      if (path !== null) await person.go(path);
      return person;
    });
    await Promise.all(contexts.map((context) => context.close()));
  },
});

/** What belongs to the course of things: answers of 404 to a wrong code, and sockets while the server is away. */
const EXPECTED = [/^Failed to load resource: /, /^WebSocket connection to '[^']*' failed: /];

/** Nothing of a page may fail, break its own policy, or ask another host for anything. */
export async function watch(context: BrowserContext, host: string, complaints: string[]): Promise<void> {
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
    if (/^(?:https?|wss?):$/.test(protocol) && asked !== host) complaints.push(`asked another host: ${url}`);
  };
  context.on('request', (request) => elsewhere(request.url()));
  context.on('page', (page) => page.on('websocket', (socket) => elsewhere(socket.url())));
}

export { expect };
export { literally, Person } from './person.ts';
export { Server } from './server.ts';
export { ELSEWHERE, LAN } from './hosts.ts';
export { digitsOf, phrase, type Language } from './words.ts';
export { Gate } from './gate.ts';

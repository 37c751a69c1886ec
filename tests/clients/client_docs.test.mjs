// Every example of docs/client.md, run as it stands but for the addresses in it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, mkdirSync, writeFileSync } from 'node:fs';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

const here = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const server = (process.env.CHARSU_URL ?? 'ws://127.0.0.1:8000').replace(/^ws:\/\//, '');
/** The server that asks for tokens. */
const guarded = process.env.CHARSU_GUARDED_URL?.replace(/^ws:\/\//, '');
const examples = [...readFileSync(here('docs/client.md'), 'utf8').matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code);

test('there are examples', () => assert.ok(examples.length >= 5));

/** Somebody's site, which knows who asks, and invites them. */
async function invites(context) {
  const secret = readFileSync(process.env.CHARSU_SECRET, 'utf8').trimEnd();
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const site = createServer((_, response) => {
    const message = `${part({ alg: 'HS256' })}.${part({ sub: 'Mina', exp: Math.floor(Date.now() / 1000) + 60 })}`;
    response.end(`${message}.${createHmac('sha256', secret).update(message).digest('base64url')}`);
  });
  await new Promise((ready) => { site.listen(0, '127.0.0.1', ready); });
  context.after(() => site.close());
  return `http://127.0.0.1:${site.address().port}`;
}

for (const [at, example] of examples.entries()) {
  test(`example ${at + 1} of docs/client.md runs to its end`, async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'charsu-docs-'));
    context.after(() => rmSync(folder, { recursive: true }));
    mkdirSync(join(folder, 'node_modules/@charsu'), { recursive: true });
    symlinkSync(here('web/client'), join(folder, 'node_modules/@charsu/client'));
    symlinkSync(here('web/node_modules/ws'), join(folder, 'node_modules/ws'));
    // Node 20 has none; that one must be given is shown by an example of its own.
    writeFileSync(join(folder, 'engine.mjs'), "import { WebSocket } from 'ws';\nglobalThis.WebSocket ??= WebSocket;\n");
    const rooms = `-${process.pid}-${at}`;
    const isInvited = example.includes('token:');
    const site = isInvited ? await invites(context) : '';
    const code = example.replaceAll('127.0.0.1:8000', isInvited ? guarded : server).replaceAll('https://school.example', site).replaceAll("'general'", `'general${rooms}'`).replaceAll("'kitchen'", `'kitchen${rooms}'`);
    writeFileSync(join(folder, 'example.mjs'), `${example.includes("'ws'") ? '' : "import './engine.mjs';\n"}${code}`);
    await new Promise((done, fail) => {
      execFile(process.execPath, [join(folder, 'example.mjs')], { timeout: 20_000 }, (error, out, err) => error === null ? done() : fail(new Error(`${out}\n${err}`, { cause: error })));
    });
  });
}

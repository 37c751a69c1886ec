// Every example of docs/client.md, run as it stands but for the addresses in it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

const here = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const server = (process.env.CHARSU_URL ?? 'ws://127.0.0.1:8000').replace(/^ws:\/\//, '');
const examples = [...readFileSync(here('docs/client.md'), 'utf8').matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code);

test('there are examples', () => assert.ok(examples.length >= 5));

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
    const code = example.replaceAll('127.0.0.1:8000', server).replaceAll("'general'", `'general${rooms}'`).replaceAll("'kitchen'", `'kitchen${rooms}'`);
    writeFileSync(join(folder, 'example.mjs'), `${example.includes("'ws'") ? '' : "import './engine.mjs';\n"}${code}`);
    await new Promise((done, fail) => {
      execFile(process.execPath, [join(folder, 'example.mjs')], { timeout: 20_000 }, (error, out, err) => error === null ? done() : fail(new Error(`${out}\n${err}`, { cause: error })));
    });
  });
}

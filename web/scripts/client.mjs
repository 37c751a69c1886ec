// `npm run client`: builds @charsu/client into web/client/dist, and fails when what it costs a page outgrows its promise.
// A page pays for what it imports: `min.js` is `connect` and what it stands on, bundled as a page's own build would, and is also
// the one file for a page without a build. (rolldown is what Vite bundles with.)
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { rolldown } from 'rolldown';
import { brotli } from './compress.mjs';

/** Bytes as brotli; 1 KB is 1,000 bytes. `Chat` keeps snapshots, pages of the past and the outbox through reloads. */
const BUDGET = { connect: 6_000, Chat: 14_000 };

const web = resolve(import.meta.dirname, '..');
const dist = join(web, 'client/dist');
rmSync(dist, { recursive: true, force: true });
execFileSync(process.execPath, [join(web, 'node_modules/typescript/bin/tsc'), '-p', join(web, 'client/tsconfig.build.json')], { stdio: 'inherit' });

// The compiler writes what the sources import into the types, too.
for (const name of readdirSync(dist, { recursive: true }).filter((name) => name.endsWith('.d.ts'))) {
  const file = join(dist, name);
  writeFileSync(file, readFileSync(file, 'utf8').replace(/(from |import\()(['"]\.[^'"]*)\.ts(['"])/g, '$1$2.js$3'));
}

/** What a page's bundle holds if it imports these names. */
async function bundled(names) {
  const entry = 'a page';
  const bundle = await rolldown({
    input: entry,
    plugins: [{
      name: 'page',
      resolveId: (id) => id === entry ? entry : null,
      load: (id) => id === entry ? `export { ${names} } from ${JSON.stringify(join(dist, 'index.js'))};` : null,
    }],
  });
  const { output: [{ code }] } = await bundle.generate({ format: 'es', minify: true });
  // Notes for bundlers that come after, and there is none.
  return code.replaceAll('/* @__PURE__ */ ', '');
}

let failed = false;
for (const [name, limit] of Object.entries(BUDGET)) {
  const size = brotli(Buffer.from(await bundled(name))).length;
  failed ||= size > limit;
  console.log(`${size > limit ? 'OVER' : 'ok  '}  ${name.padEnd(8)} ${String(size).padStart(6)} of ${String(limit).padStart(6)} bytes`);
}
writeFileSync(join(dist, 'min.js'), await bundled('connect, Refusal'));
writeFileSync(join(dist, 'min.d.ts'), "export { connect, Refusal } from './index.js';\nexport type * from './index.js';\n");
process.exit(failed ? 1 : 0);

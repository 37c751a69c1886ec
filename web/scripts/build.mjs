// `npm run build [-- --outDir DIR]`: builds the page with Vite, puts the Socket.IO client beside it, then writes the compressed
// copies.
// DIR is the argument, else the environment's CHARSU_PAGE_OUT, else web/dist; a relative one starts at web/.
import { cpSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'vite';
import { compressFolder } from './compress.mjs';

const web = resolve(import.meta.dirname, '..');
const { values } = parseArgs({ options: { outDir: { type: 'string' } } });
const outDir = resolve(web, values.outDir ?? (process.env.CHARSU_PAGE_OUT || 'dist'));

await build({ configFile: resolve(web, 'vite.config.ts'), build: { outDir, emptyOutDir: true } });
// Pages of Socket.IO load their client from the server that they talk to.
cpSync(resolve(web, 'node_modules/socket.io-client/dist'), join(outDir, 'socket.io'), { recursive: true });
const count = compressFolder(outDir);
console.log(`${count} files compressed in ${outDir}`);

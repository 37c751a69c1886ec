// `npm run build [-- --outDir DIR]`: builds the page with Vite, then writes the compressed copies beside it.
// DIR is the argument, else the environment's CHARSU_PAGE_OUT, else web/dist; a relative one starts at web/.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'vite';
import { compressFolder } from './compress.mjs';

const web = resolve(import.meta.dirname, '..');
const { values } = parseArgs({ options: { outDir: { type: 'string' } } });
const outDir = resolve(web, values.outDir ?? (process.env.CHARSU_PAGE_OUT || 'dist'));

await build({ configFile: resolve(web, 'vite.config.ts'), build: { outDir, emptyOutDir: true } });
const count = compressFolder(outDir);
console.log(`${count} files compressed in ${outDir}`);

// `npm run budget [-- DIR]`: fails when the built page (DIR, else CHARSU_PAGE_OUT, else web/dist) outgrows its promise.
// Counted is what a first visit loads before its first picture: the HTML, the scripts and styles it names, and the fonts; and by
// itself what comes after that, the rooms with the connection, dialogs and drawings.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { brotli } from './compress.mjs';

/** Bytes; 1 KB is 1,000 bytes. Text is counted as brotli, fonts as they are. */
const BUDGET = { html: 2_000, js: 22_000, css: 8_000, later: 42_000, latin: 17_000, persian: 22_500 };

const web = resolve(import.meta.dirname, '..');
const folder = resolve(web, process.argv[2] ?? (process.env.CHARSU_PAGE_OUT || 'dist'));
const page = join(folder, 'index.html');
if (!existsSync(page)) {
  console.error(`no page in ${folder}: run "npm run build" first`);
  process.exit(1);
}

const html = readFileSync(page, 'utf8');
const named = (pattern) => [...new Set([...html.matchAll(pattern)].map((match) => match[1]))];
const scripts = named(/<(?:script|link)\b[^>]*?(?:src|href)="\/?([^"]+\.js)"/g);
const styles = named(/<link\b[^>]*?href="\/?([^"]+\.css)"/g);
const fonts = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.woff2'));
// What other people's pages load is none of ours.
const isOurs = (name) => /\.(?:js|css)$/.test(name) && !name.startsWith('socket.io');
const later = readdirSync(folder, { recursive: true }).filter((name) => isOurs(name) && ![...scripts, ...styles].includes(name));
const raw = (name) => readFileSync(join(folder, name)).length;
const packed = (name) => brotli(readFileSync(join(folder, name))).length;
const sum = (names, size) => names.reduce((total, name) => total + size(name), 0);
const font = (pattern) => fonts.filter((name) => pattern.test(basename(name)));

const sizes = {
  html: packed('index.html'),
  js: sum(scripts, packed),
  css: sum(styles, packed),
  later: sum(later, packed),
  latin: sum(font(/figtree|latin/i), raw),
  persian: sum(font(/vazir|arabic|persian/i), raw),
};
// A page whose parts this script no longer finds would pass for ever.
const missing = [['js', scripts], ['css', styles]].filter(([, names]) => names.length === 0);
let failed = 0;
for (const [part, limit] of Object.entries(BUDGET)) {
  const over = sizes[part] > limit || missing.some(([name]) => name === part);
  failed += over ? 1 : 0;
  console.log(`${over ? 'OVER' : 'ok  '}  ${part.padEnd(8)} ${String(sizes[part]).padStart(6)} of ${String(limit).padStart(6)} bytes`);
}
process.exit(failed === 0 ? 0 : 1);

// Draws docs/images/room.png: the real page against the real server, with people who say what they are told to.
//
//   cargo build --release && node docs/images/draw.cjs
//
// CHARSU names another binary, CHROMIUM another browser than /usr/bin/chromium.
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { resolve } = require('node:path');

const root = resolve(__dirname, '../..');
const { chromium } = require(resolve(root, 'web/node_modules/@playwright/test'));
const { WebSocket } = require(resolve(root, 'web/node_modules/ws'));

const SIZE = { width: 1280, height: 880 };
const PEOPLE = ['Arash', 'نیلوفر', 'Jonas Weber', 'Mina'];
/** Who says what; nobody is the page itself. */
const LINES = [
  ['Arash', 'Did everybody get the example to run?'],
  ['نیلوفر', 'سلام، بله. هر دو بار کمی پس از `ping` بی‌پاسخ بود.'],
  ['نیلوفر', 'فکر می‌کنم مهلت پاسخ را خیلی کوتاه گذاشته‌ایم.'],
  [null, 'Makes sense. The client waits 5 s, and the train tunnel is longer than that.'],
  ['Jonas Weber', 'Then let us look at the handshake first. The server only has to answer `101`.'],
  [null, 'And it must not ask twice. The notes are on the board.'],
  ['Mina', 'I have drawn it as a timeline 👏'],
];

async function person(url, room, name) {
  const socket = new WebSocket(`${url}/ws`, 'charsu.v1');
  let id = 1;
  const answer = (type) => new Promise((done) => {
    const hear = (data) => { if (JSON.parse(data).type === type) { socket.off('message', hear); done(); } };
    socket.on('message', hear);
  });
  const say = (frame) => socket.send(JSON.stringify(frame));
  await once(socket, 'open');
  say({ type: 'hello' });
  say({ type: 'join', id, room, name });
  await answer('joined');
  return {
    async say(text) { say({ type: 'say', id: ++id, room, text }); await answer('ack'); },
    type() { say({ type: 'typing', room, on: true }); },
  };
}

async function draw(base, browser) {
  const page = await browser.newPage({ viewport: SIZE, deviceScaleFactor: 2, locale: 'en-GB', colorScheme: 'light' });
  await page.goto(base);
  await page.getByRole('textbox', { name: 'Your name' }).fill('Darya');
  await page.getByRole('button', { name: 'Open a new room' }).click();
  await page.getByRole('log').waitFor();
  const room = page.url().slice(-6);
  const people = new Map();
  for (const name of PEOPLE) people.set(name, await person(base.replace('http', 'ws'), room, name));
  const composer = page.getByRole('textbox', { name: 'Write a message' });
  for (const [name, text] of LINES) {
    if (name) await people.get(name).say(text);
    else await composer.fill(text).then(() => composer.press('Enter'));
    await page.getByRole('log').getByText(text.split('`')[0].trim()).first().waitFor();
  }
  people.get('Arash').type();
  await page.getByText('is typing').first().waitFor();
  await page.screenshot({ path: resolve(__dirname, 'room.png'), animations: 'disabled' });
}

async function main() {
  const server = spawn(process.env.CHARSU ?? resolve(root, 'target/release/charsu'), ['--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args });
  try {
    const [ready] = await once(server.stdout, 'data');
    await draw(/http:\/\/\S+/.exec(String(ready))[0], browser);
  } finally {
    await browser.close();
    server.kill();
  }
  process.exit(0);
}

main();

// What compression costs and saves: the same talk in one room, with --websocket-compression and without it. One member says
// the next line once it has heard the last, so every line is a flush of its own: the dearest case for compression.
//
//   cargo build --release --no-default-features && node benches/compression.mjs [--rounds N]
//
// Prints, for each room and kind of line, the processor time of the server and the bytes on the wire for each delivery. It
// takes ten minutes.

import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { cpus } from 'node:os';
import { dirname, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    deliveries: { type: 'string', default: '100000' },
    members: { type: 'string', default: '4,32,1000' },
  },
});
const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const charsu = `${process.env.CARGO_TARGET_DIR ?? `${root}/target`}/release/charsu`;
const TICKS = Number(execFileSync('getconf', ['CLK_TCK']));
const LIMIT_MS = 120_000;
const OFFER = 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n';

const ENGLISH = [
  'I will be a little late today, please begin without me.',
  'Has anybody found the blue folder that lay on the desk?',
  'The bus was full again, so I walked along the river.',
  'We could meet at noon in front of the library.',
  'She says the second exercise is harder than the first.',
  'Who brings the cake for Friday?',
  'My connection drops whenever somebody uses the oven.',
  'That is exactly what I tried to explain yesterday!',
  'Page forty has a picture of the same bridge.',
  'Could you send me the notes about volcanoes?',
];
const PERSIAN = [
  'امروز کمی دیر می‌رسم، لطفاً بدون من شروع کنید.',
  'کسی پوشه‌ی آبی را که روی میز بود ندیده است؟',
  'اتوبوس باز هم شلوغ بود و من از کنار رودخانه پیاده آمدم.',
  'می‌توانیم ظهر جلوی کتابخانه همدیگر را ببینیم.',
  'معلم می‌گوید تمرین دوم از اولی سخت‌تر است.',
  'برای جمعه چه کسی شیرینی می‌آورد؟',
  'هر وقت باران می‌بارد اینترنت خانه‌ی ما قطع می‌شود.',
  'این دقیقاً همان چیزی است که دیروز توضیح دادم!',
  'در صفحه‌ی چهل عکسی از همان پل قدیمی هست.',
  'جزوه‌ی زمین‌شناسی را برای من هم می‌فرستی؟',
  'مادربزرگم در شهر کوچکی نزدیک کویر زندگی می‌کند.',
  'فیلمی که معرفی کردی خیلی غمگین ولی زیبا بود.',
  'صدای من را خوب می‌شنوید یا باید بلندتر حرف بزنم؟',
  'قرار شد گروه ما درباره‌ی پرنده‌های مهاجر تحقیق کند.',
  'گربه روی دفترم خوابیده و نمی‌گذارد چیزی بنویسم.',
  'چای تازه دم کرده‌ام، هر کس خواست سر بزند.',
];

let seed = 7;
const below = (n) => {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
  return Math.floor((seed / 2 ** 32) * n);
};
/** Sentences in any order, none twice before all were there once, cut at so many bytes between two characters. */
function line(sentences, bytes) {
  const left = [];
  let text = '';
  while (Buffer.byteLength(text) < bytes) {
    if (left.length === 0) left.push(...sentences);
    text += `${left.splice(below(left.length), 1)[0]} `;
  }
  while (Buffer.byteLength(text) > bytes) text = text.slice(0, -1);
  return text.trim();
}
const LINES = [
  { name: '110 bytes of English', make: () => line(ENGLISH, 110) },
  { name: '1 KB of Persian', make: () => line(PERSIAN, 1024) },
];

/** A client's whole text frame; a mask of zeros is one too. */
function frame(text) {
  const payload = Buffer.from(text);
  const head = payload.length < 126 ? [0x81, 0x80 | payload.length] : [0x81, 0xfe, payload.length >> 8, payload.length & 255];
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), payload]);
}

/** A member over charsu.v1. Counts bytes and whole frames, and looks into none. */
class Member {
  bytes = 0;
  frames = 0;
  /** How many frames it waits for, and what is then to be done. */
  #goal = Infinity;
  #reached = () => {};
  #begun = Buffer.alloc(0);

  constructor(port, name, offer) {
    this.socket = connect(port, '127.0.0.1').setNoDelay();
    this.opened = new Promise((done) => {
      let head = '';
      const shake = (chunk) => {
        head += chunk.toString('latin1');
        if (!head.includes('\r\n\r\n')) return;
        this.agreed = /sec-websocket-extensions/i.test(head);
        this.socket.off('data', shake);
        this.socket.on('data', (more) => this.#take(more));
        this.socket.write(frame(JSON.stringify({ type: 'hello' })));
        this.socket.write(frame(JSON.stringify({ type: 'join', id: 1, room: 'bench', name })));
        done();
      };
      this.socket.on('data', shake);
    });
    this.socket.write(
      `GET /ws HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n' +
        `Sec-WebSocket-Protocol: charsu.v1\r\n${offer}\r\n`,
    );
  }

  /** Calls once so many more frames have come. */
  after(frames, reached) {
    this.#goal = this.frames + frames;
    this.#reached = reached;
  }

  #take(chunk) {
    this.bytes += chunk.length;
    let bytes = this.#begun.length > 0 ? Buffer.concat([this.#begun, chunk]) : chunk;
    while (bytes.length >= 2) {
      const short = bytes[1];
      const header = short === 126 ? 4 : 2;
      if (bytes.length < header) break;
      const whole = header + (short === 126 ? bytes.readUInt16BE(2) : short);
      if (bytes.length < whole) break;
      this.frames += 1;
      bytes = bytes.subarray(whole);
    }
    this.#begun = bytes;
    if (this.frames < this.#goal) return;
    this.#goal = Infinity;
    this.#reached();
  }
}

/** Processor time that a process has used, in microseconds. */
function used(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return ((Number(fields[11]) + Number(fields[12])) / TICKS) * 1e6;
}

/** One measurement: microseconds and bytes for each delivery. */
async function measure(members, make, deliveries, flags, offer) {
  const server = spawn(charsu, ['--listen', '127.0.0.1:0', '--no-limits', '--log', 'error', ...flags], {
    env: { ...process.env, TOKIO_WORKER_THREADS: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((done) => server.once('exit', done));
  const all = [];
  try {
    const port = await new Promise((done) => {
      createInterface({ input: server.stdout }).on('line', (text) => {
        const found = /http:\/\/127\.0\.0\.1:(\d+)/.exec(text);
        if (found) done(Number(found[1]));
      });
    });
    for (let n = 0; n < members; n += 1) all.push(new Member(port, `m${n}`, offer));
    await Promise.all(all.map(({ opened }) => opened));
    if (all.some(({ agreed }) => agreed !== (offer !== '' && flags.length > 0))) throw new Error('not as it was to be agreed');
    // Joins are gathered in a large room, and shown a moment later.
    await new Promise((done) => setTimeout(done, 2000));
    let id = 1;
    /** The next line, until all have heard it, and its speaker the acknowledgement too. */
    const say = () =>
      new Promise((done, failed) => {
        const limit = setTimeout(() => failed(new Error('waited in vain')), LIMIT_MS);
        let left = members;
        for (const member of all) {
          member.after(member === all[0] ? 2 : 1, () => {
            left -= 1;
            if (left > 0) return;
            clearTimeout(limit);
            done();
          });
        }
        id += 1;
        all[0].socket.write(frame(JSON.stringify({ type: 'say', id, room: 'bench', text: make() })));
      });
    const rounds = Math.ceil(deliveries / members);
    const play = async (count) => {
      for (let n = 0; n < count; n += 1) await say();
    };
    await play(Math.ceil(rounds / 10));
    const before = { cpu: used(server.pid), bytes: all.reduce((sum, { bytes }) => sum + bytes, 0) };
    await play(rounds);
    const cpu = used(server.pid) - before.cpu;
    const bytes = all.reduce((sum, member) => sum + member.bytes, 0) - before.bytes;
    return { cpu: cpu / (rounds * members), bytes: bytes / (rounds * members) };
  } finally {
    for (const { socket } of all) socket.destroy();
    server.kill('SIGKILL');
    await ended;
  }
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
console.log(`${cpus().length} cores, ${cpus()[0].model}; ${options.rounds} rounds, medians\n`);
console.log('| room | line | us a delivery, off | on, nobody offers | on | bytes a delivery, off | on |');
console.log('| --- | --- | --- | --- | --- | --- | --- |');
const FLAG = ['--websocket-compression'];
for (const members of options.members.split(',').map(Number)) {
  for (const { name, make } of LINES) {
    const ways = [
      { flags: [], offer: OFFER, runs: [] },
      { flags: FLAG, offer: '', runs: [] },
      { flags: FLAG, offer: OFFER, runs: [] },
    ];
    for (let round = 0; round < Number(options.rounds); round += 1) {
      for (const way of ways) way.runs.push(await measure(members, make, Number(options.deliveries), way.flags, way.offer));
    }
    const cost = ways.map(({ runs }) => median(runs.map(({ cpu }) => cpu)).toFixed(2));
    const bytes = ways.map(({ runs }) => Math.round(median(runs.map(({ bytes }) => bytes))));
    console.log(`| ${[`1 of ${members}`, name, ...cost, bytes[0], bytes[2]].join(' | ')} |`);
  }
}

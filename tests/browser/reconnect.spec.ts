// The network goes, the server goes, and everything that was written arrives, once and in order.
import { expect, Gate, test, type Person, type Server } from './scene/index.ts';

type Arrive = (arrival?: object) => Promise<Person>;

async function together(arrive: Arrive, at: Server): Promise<{ mina: Person; arash: Person; code: string }> {
  const mina = await arrive({ at });
  const code = await mina.openRoom('Mina');
  const arash = await arrive({ at });
  await arash.join(code, 'Arash');
  await mina.say('Before');
  await arash.hears('Before');
  return { mina, arash, code };
}

/** Draws the longest wait each time, so that there is something to count down. */
async function waitLong(person: Person): Promise<void> {
  await person.page.addInitScript(() => { Math.random = () => 0.999; });
}

test('the server is killed and comes back: so do the pages, by themselves, with everything that was written meanwhile', async ({ arrive, serve }) => {
  const at = await serve();
  const { mina, arash } = await together(arrive, at);
  await at.kill();
  for (const one of [mina, arash]) {
    await expect(one.banner).toContainText('Connection lost.');
    await expect(one.banner).toContainText(/Trying again in \d+ seconds?\.|Trying now\./);
    await expect(one.page.locator('.bar')).toContainText('Reconnecting');
  }
  for (const text of ['Mina 1', 'Mina 2', 'Mina 3']) await mina.say(text);
  for (const text of ['Arash 1', 'Arash 2']) await arash.say(text);
  await expect(mina.banner).toContainText('3 messages are waiting.');
  await expect(mina.log.locator('li.msg.queued')).toHaveCount(3);
  await at.again();
  for (const one of [mina, arash]) {
    await expect(one.banner).toHaveCount(0, { timeout: 30_000 });
    await expect(one.log.locator('li.msg.queued')).toHaveCount(0);
    await expect(one.page.locator('.bar')).toContainText('2 people here');
    await expect(one.log.getByText('The server began anew here. It no longer knows what was said before.')).toBeVisible();
  }
  await mina.say('All here?');
  await arash.hears('All here?');
  // Without a store the room began anew: whoever was back first has said things before the other one came.
  const [minas, arashs] = [await mina.lines(), await arash.lines()];
  const by = (name: string, lines: string[]) => lines.filter((text) => text.startsWith(name));
  expect(by('Mina', minas)).toEqual(['Mina 1', 'Mina 2', 'Mina 3']);
  expect(by('Arash', arashs)).toEqual(['Arash 1', 'Arash 2']);
  for (const lines of [minas, arashs]) {
    expect(new Set(lines).size).toBe(lines.length);
    expect([lines[0], lines.at(-1)]).toEqual(['Before', 'All here?']);
  }
  const [fewer, more] = minas.length < arashs.length ? [minas, arashs] : [arashs, minas];
  expect(more.filter((text) => fewer.includes(text))).toEqual(fewer);
});

test('the server is stopped and comes back: nobody has to do anything', { tag: '@desktop' }, async ({ arrive, serve }) => {
  const at = await serve();
  const { mina, arash } = await together(arrive, at);
  await at.stop();
  // The banner has patience. The word under one's own name is true at once.
  await expect(mina.page.locator('.me')).toContainText('Reconnecting', { timeout: 1500 });
  await mina.say('Into the silence');
  await at.again();
  await mina.hasSent('Into the silence');
  await expect(arash.page.locator('.bar')).toContainText('2 people here');
  await expect(arash.log.locator('li.gap')).toBeVisible();
  await arash.say('It is back');
  await mina.hears('It is back');
});

test('the wait is counted down, and after ten tries it is up to the person', { tag: '@desktop' }, async ({ arrive, serve }) => {
  const at = await serve();
  const mina = await arrive({ at, path: null });
  await waitLong(mina);
  await mina.page.clock.install();
  await mina.go();
  await mina.openRoom('Mina');
  await at.kill();
  const words: string[] = [];
  const again = mina.button('tryAgain');
  await expect(async () => {
    await mina.page.clock.runFor(500);
    if (await mina.banner.isVisible()) words.push(await mina.banner.innerText());
    await expect(again).toBeVisible({ timeout: 20 });
  }).toPass({ intervals: [20], timeout: 40_000 });
  // Every third try goes by requests: perhaps it is the sockets that do not get through.
  const sockets = 1 + 10 - 3;
  expect(mina.sockets).toBe(sockets);
  const seconds = words.map((text) => Number(/Trying again in (\d+) second/.exec(text)?.[1] ?? 0));
  expect(Math.max(...seconds)).toBe(15);
  for (let n = 1; n <= 8; n += 1) expect(seconds).toContain(n);
  await expect(mina.banner).toContainText('The server did not answer. We stopped trying.');
  await mina.page.clock.runFor(120_000);
  expect(mina.sockets).toBe(sockets);
  await mina.say('Kept');
  await expect(mina.banner).toContainText('1 message is waiting.');

  await at.again();
  await mina.press(again);
  await mina.hasSent('Kept');
  await expect(mina.banner).toHaveCount(0);
});

test('"Try now" does not wait', { tag: '@desktop' }, async ({ arrive, serve }) => {
  const at = await serve();
  const mina = await arrive({ at, path: null });
  await waitLong(mina);
  await mina.page.clock.install();
  await mina.go();
  await mina.openRoom('Mina');
  await at.kill();
  await expect(async () => {
    await mina.page.clock.runFor(500);
    await expect(mina.banner).toContainText('Trying again in 8 seconds.', { timeout: 20 });
  }).toPass({ intervals: [20], timeout: 40_000 });
  await mina.page.clock.pauseAt(new Date(await mina.page.evaluate(() => Date.now()) + 1000));
  await at.again();
  await mina.press('tryNow');
  await mina.say('Here again');
  await mina.page.clock.resume();
  await mina.hasSent('Here again');
});

test('a device that goes offline finds out, says so, keeps what is written, and nobody sees it leave', async ({ arrive, serve }) => {
  const at = await serve();
  const { mina, arash } = await together(arrive, at);
  await mina.context.setOffline(true);
  for (const text of ['One', 'Two']) await mina.say(text);
  await arash.say('Are you there?');
  await expect(mina.banner).toContainText('This device has no network.');
  await expect(mina.banner).toContainText('2 messages are waiting.');
  await expect(mina.page.locator('.bar')).toContainText('Offline');
  await mina.context.setOffline(false);
  await mina.hears('Are you there?');
  await arash.hears('Two');
  await expect(mina.banner).toHaveCount(0);
  await expect(mina.page.getByRole('status').filter({ hasText: 'Back. 1 missed message.' })).toBeVisible();
  for (const one of [mina, arash]) expect(await one.lines()).toEqual(['Before', 'Are you there?', 'One', 'Two']);
  await expect(arash.notes).toHaveCount(0);
  await expect(mina.log.locator('li.msg.sent')).toHaveCount(4);
});

test('a line that died without a word is found by the silence, and what was on its way is said once', { tag: '@desktop' }, async ({ arrive, serve }) => {
  const at = await serve('--heartbeat-seconds', '2', '--grace', '60s');
  const mina = await arrive({ at, path: null });
  await mina.page.clock.install();
  const gate = await Gate.before(mina);
  await mina.go();
  const code = await mina.openRoom('Mina');
  const arash = await arrive({ at });
  await arash.join(code, 'Arash');
  await mina.hearsOf('Arash');
  gate.loseThese();
  await mina.say('Hello?');
  expect(mina.sockets).toBe(1);
  // Two seconds of silence, then ten for the answer to a ping.
  await expect(async () => {
    await mina.page.clock.runFor(1000);
    expect(mina.sockets).toBe(2);
  }).toPass({ intervals: [100], timeout: 20_000 });
  await arash.hears('Hello?');
  expect(await arash.lines()).toEqual(['Hello?']);
  await mina.hasSent('Hello?');
  await arash.say('Hello!');
  await mina.hears('Hello!');
  await expect(arash.notes).toHaveCount(0);
});

test('a half-open peer is found by the server, its leaving is told once, and so is its return', { tag: '@desktop' }, async ({ arrive, serve, lineTo }) => {
  const at = await serve('--heartbeat-seconds', '1', '--heartbeat-timeout-seconds', '1', '--grace', '1s');
  const line = await lineTo(at);
  const arash = await arrive({ at });
  const code = await arash.openRoom('Arash');
  const mina = await arrive({ by: line, path: null });
  await mina.page.clock.install();
  await mina.go();
  await mina.join(code, 'Mina');
  await mina.say('Before');
  await arash.hears('Before');
  line.die();
  await expect(arash.notes.last()).toHaveText('Mina left');
  await expect(arash.page.locator('.bar')).toContainText('1 person here');
  await arash.say('Gone');
  line.mend();
  await expect(async () => {
    await mina.page.clock.runFor(1000);
    await expect(mina.log.getByText('What was said while you were away is not shown.')).toBeVisible({ timeout: 20 });
  }).toPass({ intervals: [100], timeout: 30_000 });
  await mina.say('Back again');
  await arash.hears('Back again');
  await expect(arash.notes).toHaveText(['Mina joined', 'Mina left', 'Mina joined']);
  expect(await mina.lines()).toEqual(['Before', 'Back again']);
});

test('a session that is opened in another tab does not fight for it', { tag: '@desktop' }, async ({ arrive }) => {
  const mina = await arrive();
  const code = await mina.openRoom('Mina');
  const arash = await arrive();
  await arash.join(code, 'Arash');
  // A tab that is opened from this one begins with a copy of its storage.
  const [copy] = await Promise.all([mina.context.waitForEvent('page'), mina.page.evaluate(() => { open(location.href); })]);
  await expect(copy.locator('#composer')).toBeVisible();
  await expect(mina.banner).toContainText('This chat is open in another tab. It can only be in one.');
  await expect(mina.button('closedHere')).toBeVisible();
  await copy.locator('#composer').fill('From the copy');
  await copy.locator('#composer').press('Control+Enter');
  await arash.hears('From the copy');
  expect(mina.sockets).toBe(1);

  await mina.press('closedHere');
  await mina.hears('From the copy');
  await expect(copy.locator('.banner')).toContainText('This chat is open in another tab.');
  await mina.say('From the first');
  await arash.hears('From the first');
  await expect(mina.banner).toHaveCount(0);
  expect(mina.sockets).toBe(2);
  await expect(arash.notes).toHaveCount(0);
});

test('a page that opens while the server is away waits with a word, and comes in when it is there', { tag: '@desktop' }, async ({ arrive, serve }) => {
  const at = await serve();
  const mina = await arrive({ at, path: '/r/general' });
  await mina.nameField.fill('Mina');
  await at.kill();
  await mina.press('comeIn');
  await expect(mina.page.getByText('Still looking for the server. Your words are kept.')).toBeVisible();
  await at.again();
  await expect(mina.composer).toBeVisible({ timeout: 30_000 });
});

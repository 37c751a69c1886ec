// Reading back: what was said before the page, or the person, was there.
import { expect, Gate, test, type Person } from './scene/index.ts';

/** Somebody else says so many lines, faster than hands could. */
async function fill(person: Person, room: string, count: number): Promise<void> {
  await person.page.evaluate(async ([name, lines]) => {
    const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/ws`, 'charsu.v1');
    await new Promise<void>((done) => {
      const tell = (frame: object) => socket.send(JSON.stringify(frame));
      socket.onopen = () => {
        tell({ type: 'hello' });
        tell({ type: 'join', id: 1, room: name, name: 'Scribe' });
        for (let n = 1; n <= lines; n += 1) tell({ type: 'say', id: n + 1, room: name, text: `Line ${n}` });
      };
      socket.onmessage = ({ data }) => {
        const { type, id } = JSON.parse(String(data)) as { type: string; id?: number };
        if (type === 'ack' && id === lines + 1) done();
      };
    });
    socket.close(1000);
  }, [room, count] as const);
}

const lines = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, n) => `Line ${from + n}`);

test('a newcomer reads back page by page: the place is kept, nothing is doubled, and it is told what was before', { tag: '@desktop' }, async ({ arrive, serve }) => {
  const at = await serve('--newcomers', 'recent', '--messages-burst', '1000', '--messages-per-second', '1000');
  const mina = await arrive({ at });
  const code = await mina.openRoom('Mina');
  await fill(mina, code, 230);
  await mina.hears('Line 230');

  const arash = await arrive({ at, path: null });
  const gate = await Gate.before(arash);
  await arash.go();
  await arash.join(code, 'Arash');
  await arash.hears('Line 230');
  await expect(arash.log.getByText('You came in here. What stands above was said before.')).toBeInViewport();
  const before = await arash.lines();
  expect(before).toEqual(lines(231 - before.length, 230));
  expect(before.length).toBeLessThan(230);

  // A page that does not come is told, and can be asked for again.
  const earlier = arash.button('earlier');
  await expect(earlier).toHaveCount(1);
  gate.hold('toServer');
  await arash.log.evaluate((log) => { log.scrollTop = 0; });
  await expect(arash.button('earlierLoading')).toBeVisible();
  gate.refuse({ code: 'unavailable', message: 'Not now.' });
  await expect(arash.log.getByRole('alert')).toHaveText('Earlier messages could not be loaded.');
  const top = arash.line(before[0] ?? '');
  const place = async () => Math.round((await top.boundingBox())?.y ?? 0);
  const stood = await place();
  await arash.press('tryAgain');
  await expect(arash.log.locator('li.msg')).not.toHaveCount(before.length);
  // The line that was the first one stands where it stood, but for the notes above it that went up.
  expect(Math.abs((await place()) - stood)).toBeLessThan(60);
  await arash.log.focus();
  await expect(async () => {
    await arash.page.keyboard.press('Home');
    await expect(arash.line('Line 1')).toBeInViewport({ timeout: 500 });
  }).toPass();
  expect(await arash.lines()).toEqual(lines(1, 230));
  await expect(arash.log.getByText('There is nothing earlier to show.')).toBeVisible();
  await expect(earlier).toHaveCount(0);

  // What is said meanwhile stands at the end, and nowhere else.
  await mina.say('Are you there?');
  await arash.press(arash.page.getByRole('button', { name: '1 new message' }));
  await arash.hears('Are you there?');
  expect(await arash.lines()).toEqual([...lines(1, 230), 'Are you there?']);
});

// Several rooms in one page.
import { expect, test } from './scene/index.ts';

test('one is in several rooms, sees what is unread in the others, and goes there', async ({ arrive }) => {
  const mina = await arrive();
  const first = await mina.openRoom('Mina');
  const arash = await arrive();
  await arash.join(first, 'Arash');
  await arash.say('In the first room');
  await mina.hears('In the first room');
  const second = await mina.openAnother();
  expect(second).not.toBe(first);

  for (const text of ['One', 'Two', 'Three']) await arash.say(text);
  if (mina.phone) await expect(mina.page.getByRole('button', { name: 'Back to your rooms, 3 unread messages' })).toBeVisible();
  const item = (await mina.rooms()).locator(`a[href="/r/${first}"]`);
  await expect(item).toContainText('3 unread messages');
  await expect(item).toContainText('Three');
  await mina.goTo(first);
  await mina.hears('Three');
  await expect(mina.log.locator('.sep.new')).toHaveText('3 new messages');
  await expect((await mina.rooms()).locator(`a[href="/r/${first}"]`)).not.toContainText('unread');

  await mina.goTo(first);
  await mina.say('Here I am');
  await arash.hears('Here I am');
  await mina.goTo(second);
  expect(await mina.lines()).toEqual([]);
});

test('a line that names one is told apart from other unread ones', { tag: '@desktop' }, async ({ arrive }) => {
  const mina = await arrive();
  const first = await mina.openRoom('Mina');
  const arash = await arrive();
  await arash.join(first, 'Arash');
  await mina.openAnother();
  await arash.say('Has mina left?');
  await expect((await mina.rooms()).locator(`a[href="/r/${first}"]`)).toContainText('1 unread message, Somebody named you');
});

test('the title counts while nobody looks', { tag: '@desktop' }, async ({ arrive }) => {
  const mina = await arrive();
  const code = await mina.openRoom('Mina');
  const arash = await arrive();
  await arash.join(code, 'Arash');
  const title = `Room ${code.slice(0, 3)}\u00a0${code.slice(3)} · Charsu`;
  const plain = async () => (await mina.page.title()).replace(/[\u2066-\u2069]/g, '');
  expect(await plain()).toBe(title);
  const look = (looking: boolean) => mina.page.evaluate((is) => {
    document.hasFocus = () => is;
    dispatchEvent(new Event(is ? 'focus' : 'blur'));
  }, looking);
  await look(false);
  await arash.say('One');
  await arash.say('Two');
  await expect.poll(plain).toBe(`(2) ${title}`);
  await look(true);
  await expect.poll(plain).toBe(title);
});

test('what is being written stays with its room, also through a reload', { tag: '@desktop' }, async ({ arrive }) => {
  const mina = await arrive();
  const first = await mina.openRoom('Mina');
  await mina.composer.fill('Half a sent');
  const second = await mina.openAnother();
  await expect(mina.composer).toHaveValue('');
  await mina.composer.fill('Another thing');
  await mina.goTo(first);
  await expect(mina.composer).toHaveValue('Half a sent');
  await mina.page.reload();
  await expect(mina.composer).toHaveValue('Half a sent');
  await mina.goTo(second);
  await expect(mina.composer).toHaveValue('Another thing');
});

test('leaving one room stays in the other, and the one that is left can be joined again', async ({ arrive }) => {
  const mina = await arrive();
  const first = await mina.openRoom('Mina');
  const arash = await arrive();
  await arash.join(first, 'Arash');
  const second = await arash.openAnother();
  await arash.goTo(first);
  await arash.leave();
  await expect(mina.notes.last()).toHaveText('Arash came and left');
  const rooms = await arash.rooms();
  await expect(rooms.getByRole('listitem')).toHaveCount(1);
  await arash.goTo(second);
  await arash.say('Still here');
  await arash.hasSent('Still here');
  await arash.enter(first, 'Arash');
  await expect(mina.notes.last()).toContainText('Arash');
  await expect((await arash.rooms()).getByRole('listitem')).toHaveCount(2);
});

test('Alt with the arrows goes from room to room', { tag: '@desktop' }, async ({ arrive }) => {
  const mina = await arrive();
  const first = await mina.openRoom('Mina');
  const second = await mina.openAnother();
  await mina.page.keyboard.press('Alt+ArrowUp');
  await expect(mina.page).toHaveURL(`${mina.origin}/r/${first}`);
  await mina.page.keyboard.press('Alt+ArrowDown');
  await expect(mina.page).toHaveURL(`${mina.origin}/r/${second}`);
});

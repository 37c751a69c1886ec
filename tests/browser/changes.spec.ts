// What becomes of a message after it was said: other words, taken back, reactions.
import { expect, Gate, test, type Person, type Server } from './scene/index.ts';

/** Two in a room, and the first one's frames pass a gate. */
async function together(arrive: (arrival?: object) => Promise<Person>, more: { at?: Server; language?: 'en' | 'fa' } = {}): Promise<{ mina: Person; arash: Person; gate: Gate; code: string }> {
  const mina = await arrive({ ...more, path: null });
  const gate = await Gate.before(mina);
  await mina.go();
  const code = await mina.openRoom('Mina');
  const arash = await arrive(more);
  await arash.join(code, 'Arash');
  await mina.hearsOf('Arash');
  return { mina, arash, gate, code };
}

test('an own message gets other words, is taken back, and bears reactions: both see the same', async ({ arrive }) => {
  const { mina, arash } = await together(arrive);
  for (const text of ['Hallo', 'Not this']) await mina.say(text);
  await arash.hears('Not this');

  await mina.edit('Hallo', 'Hello');
  for (const one of [mina, arash]) await expect(one.line('Hello').getByText('edited', { exact: true })).toBeVisible();
  await expect(mina.composer).toHaveValue('');
  await mina.remove('Not this');
  for (const one of [mina, arash]) await expect(one.line('Not this')).toHaveCount(0);

  await arash.react('Hello', '👍');
  await expect(mina.reaction('Hello', '👍')).toHaveAccessibleName(/^.?👍.? from .{0,2}Arash.{0,2}$/);
  await expect(mina.reaction('Hello', '👍')).toHaveAttribute('aria-pressed', 'false');
  // One's own is put beside it by pressing it, and taken off by pressing it again.
  await mina.press(mina.reaction('Hello', '👍'));
  await expect(arash.reaction('Hello', '👍')).toHaveText('👍2');
  await expect(mina.reaction('Hello', '👍')).toHaveAttribute('aria-pressed', 'true');
  await mina.press(mina.reaction('Hello', '👍'));
  await expect(arash.reaction('Hello', '👍')).toHaveText('👍1');
  // Any other emoji, from the keyboard of the device.
  const menu = await mina.optionsOf('Hello');
  await menu.getByRole('textbox', { name: 'Another emoji' }).fill('no');
  await expect(menu.getByRole('alert')).toHaveText('Put in one emoji.');
  await menu.getByRole('textbox', { name: 'Another emoji' }).fill('🫖');
  await expect(menu).toHaveCount(0);
  await expect(arash.reaction('Hello', '🫖')).toBeVisible();
  // Of somebody else's message one can only say what one thinks.
  await arash.reach('Hello');
  await expect(arash.button('delete', arash.line('Hello'))).toHaveCount(0);
  for (const one of [mina, arash]) {
    expect(await one.lines()).toEqual(['Hello']);
    expect(one.received.some(({ type }) => type === 'error')).toBe(false);
  }
});

test('who was away finds everything as it is now, and nothing of what it was', async ({ arrive }) => {
  const { mina, arash } = await together(arrive);
  for (const text of ['Hallo', 'A secret', 'Third']) await mina.say(text);
  await arash.hears('Third');
  await arash.context.setOffline(true);
  await mina.edit('Hallo', 'Hello');
  await mina.remove('A secret');
  await mina.react('Third', '🎉');
  await expect(mina.reaction('Third', '🎉')).not.toHaveClass(/pending/);
  // Away, one's own wishes wait and say so.
  await arash.react('Third', '👍');
  await expect(arash.reaction('Third', '👍')).toHaveClass(/pending/);
  await expect(arash.line('Third')).toContainText('Reaction waiting to be sent');
  await expect(arash.banner).toContainText('1 change is waiting.');
  await arash.context.setOffline(false);
  await arash.hears('Hello');
  await expect(arash.reaction('Third', '👍')).not.toHaveClass(/pending/);
  await expect(mina.reaction('Third', '👍')).toBeVisible();
  for (const one of [mina, arash]) expect(await one.lines()).toEqual(['Hello', 'Third']);
  expect(await arash.page.evaluate(() => document.documentElement.outerHTML + JSON.stringify(sessionStorage) + JSON.stringify(localStorage))).not.toContain('A secret');
});

test('a change says that it waits, survives a reload, is made once, and rolls back with a reason when it is refused', { tag: '@desktop' }, async ({ arrive }) => {
  const { mina, arash, gate } = await together(arrive);
  await mina.say('One');
  await arash.hears('One');
  gate.hold();
  await mina.edit('One', 'Two');
  await expect(mina.line('Two')).toContainText('Change waiting to be sent');
  expect(await arash.lines()).toEqual(['One']);
  await mina.page.reload();
  await mina.isInside();
  gate.release();
  await arash.hears('Two');
  await expect(mina.line('Two').getByText('edited', { exact: true })).toBeVisible();
  await expect(mina.log.getByText('Change waiting to be sent')).toHaveCount(0);
  expect(new Set(mina.sent.filter(({ type }) => type === 'edit').map(({ id }) => id)).size).toBe(1);

  gate.hold('toServer');
  await mina.react('Two', '👍');
  await expect(mina.reaction('Two', '👍')).toHaveClass(/pending/);
  gate.refuse({ code: 'too_many_reactions', message: 'Enough.' });
  await expect(mina.line('Two')).toContainText('was not saved. This line has as many reactions as it may have.');
  await expect(mina.reaction('Two', '👍')).toHaveCount(0);
  await mina.press(mina.button('tryAgain', mina.line('Two')));
  await expect(arash.reaction('Two', '👍')).toBeVisible();
});

test('with the keyboard: the arrow takes up the last line, Escape gives the draft back, arrows lead through the lines', { tag: '@desktop' }, async ({ arrive }) => {
  const { mina, arash } = await together(arrive);
  await mina.say('First');
  await mina.say('Last');
  await arash.say('Mine');
  await mina.hears('Mine');
  const { keyboard } = mina.page;
  await keyboard.press('ArrowUp');
  await expect(mina.composer).toHaveValue('Last');
  await expect(mina.page.getByText('Editing your message')).toBeVisible();
  await keyboard.press('Escape');
  await expect(mina.composer).toHaveValue('');
  await keyboard.type('A draft');
  // From the field back to the newest message, past the name in it, and on from there.
  await keyboard.press('Shift+Tab');
  await expect(mina.button('react', mina.line('Mine'))).toBeVisible();
  await keyboard.press('Shift+Tab');
  await expect(mina.line('Mine')).toBeFocused();
  await keyboard.press('ArrowUp');
  await expect(mina.line('Last')).toBeFocused();
  await keyboard.press('Tab');
  await expect(mina.button('react', mina.line('Last'))).toBeFocused();
  await keyboard.press('Tab');
  await keyboard.press('Enter');
  await expect(mina.composer).toHaveValue('Last');
  await keyboard.type(', really');
  await keyboard.press('Enter');
  await arash.hears('Last, really');
  await expect(mina.composer).toHaveValue('A draft');
  await mina.line('First').focus();
  await keyboard.press('Enter');
  await expect(mina.page.getByRole('dialog', { name: 'Message options' })).toBeVisible();
  await keyboard.press('Escape');
  await expect(mina.line('First')).toBeFocused();
});

test('words that were being changed come back after a reload, and a private line stays private', { tag: '@desktop' }, async ({ arrive }) => {
  const { mina, arash, code } = await together(arrive);
  const sara = await arrive();
  await sara.join(code, 'Sara');
  await mina.say('/msg Arash between us');
  await arash.hears('between us');
  await mina.composer.press('ArrowUp');
  await expect(mina.page.getByText(/^Editing a message that only .?Arash.? sees$/)).toBeVisible();
  await mina.composer.fill('between the two of us');
  await mina.page.reload();
  await mina.isInside();
  await expect(mina.composer).toHaveValue('between the two of us');
  await expect(mina.line('between us')).toBeVisible();
  await mina.composer.press('Enter');
  await arash.hears('between the two of us');
  await mina.say('To all');
  await sara.hears('To all');
  expect(await sara.lines()).toEqual(['To all']);
  expect(sara.received.some(({ type, text }) => type === 'edit' || text?.includes('two of us') === true)).toBe(false);
});

test('a finger that rests on a message opens its menu (fa)', { tag: '@phone' }, async ({ arrive }) => {
  const { mina, arash } = await together(arrive, { language: 'fa' });
  await arash.say('سلام مینا');
  await mina.hears('سلام مینا');
  const box = await mina.line('سلام مینا').locator('.stack').boundingBox();
  const device = await mina.context.newCDPSession(mina.page);
  const point = { x: (box?.x ?? 0) + 20, y: (box?.y ?? 0) + 20 };
  await device.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: [point] });
  const menu = mina.page.getByRole('dialog', { name: 'گزینه‌های پیام' });
  await expect(menu).toBeVisible();
  await device.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  for (const button of await menu.getByRole('button').all()) {
    const size = await button.boundingBox();
    expect(Math.min(size?.height ?? 0, size?.width ?? 0)).toBeGreaterThanOrEqual(44);
  }
  await mina.press(menu.getByRole('button', { name: '❤️' }));
  await expect(arash.reaction('سلام مینا', '❤️')).toHaveAccessibleName(/از .{0,2}Mina.{0,2}$/);
  await expect(menu).toHaveCount(0);
});

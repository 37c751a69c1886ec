// From the key to the room: what sends, what does not, and what a line says of itself on its way.
import { expect, Gate, test, type Person, type Server } from './scene/index.ts';

/** Two in a room; the first one's frames pass a gate. */
async function withAGate(arrive: (arrival?: object) => Promise<Person>, at?: Server): Promise<{ mina: Person; arash: Person; gate: Gate }> {
  const mina = await arrive({ at, path: null });
  const gate = await Gate.before(mina);
  await mina.go();
  const code = await mina.openRoom('Mina');
  const arash = await arrive({ at });
  await arash.join(code, 'Arash');
  await mina.hearsOf('Arash');
  return { mina, arash, gate };
}

test('a line is there at once, says that it waits, and is sent once when it can be', async ({ arrive }) => {
  const { mina, arash, gate } = await withAGate(arrive);
  gate.hold();
  for (const text of ['One', 'Two', 'Three']) await mina.say(text);
  await expect(mina.composer).toHaveValue('');
  expect(await mina.lines()).toEqual(['One', 'Two', 'Three']);
  await expect(mina.log.locator('li.msg.queued')).toHaveCount(3);
  await expect(mina.line('Three')).toContainText('Waiting to be sent');
  expect(await arash.lines()).toEqual([]);
  gate.release();
  await arash.hears('Three');
  expect(await arash.lines()).toEqual(['One', 'Two', 'Three']);
  await expect(mina.log.locator('li.msg.sent')).toHaveCount(3);
  expect(await mina.lines()).toEqual(['One', 'Two', 'Three']);
  expect(mina.said()).toEqual(['One', 'Two', 'Three']);
});

test('a line that still waits can be taken back', { tag: '@desktop' }, async ({ arrive }) => {
  const { mina, arash, gate } = await withAGate(arrive);
  gate.hold();
  for (const text of ['One', 'Not this', 'Three']) await mina.say(text);
  await mina.press(mina.button('delete', mina.line('Not this')));
  expect(await mina.lines()).toEqual(['One', 'Three']);
  gate.release();
  await arash.hears('Three');
  expect(await arash.lines()).toEqual(['One', 'Three']);
});

test('lines typed before the socket is open go out in their order, once', { tag: '@desktop' }, async ({ arrive }) => {
  const { mina, arash, gate } = await withAGate(arrive);
  await mina.say('Before');
  await arash.hears('Before');
  gate.hold();
  await mina.page.reload();
  await mina.isInside();
  for (const text of ['One', 'Two', 'Three']) await mina.say(text);
  await expect(mina.log.locator('li.msg.queued')).toHaveCount(3);
  gate.release();
  await arash.hears('Three');
  await expect(mina.log.locator('li.msg.sent')).toHaveCount(4);
  for (const one of [mina, arash]) expect(await one.lines()).toEqual(['Before', 'One', 'Two', 'Three']);
  await expect(arash.notes).toHaveCount(0);
});

test('a reload keeps what was not sent, and what was sent without an answer is not said twice', { tag: '@desktop' }, async ({ arrive }) => {
  const { mina, arash, gate } = await withAGate(arrive);
  // The line arrives; that it did is not known here.
  gate.hold('toPage');
  await mina.say('One');
  await arash.hears('One');
  gate.hold();
  await mina.say('Two');
  await mina.page.reload();
  await mina.isInside();
  await expect(mina.log.locator('li.msg.queued')).toHaveCount(2);
  await mina.say('Three');
  gate.release();
  await arash.hears('Three');
  await expect(mina.log.locator('li.msg.sent')).toHaveCount(3);
  for (const one of [mina, arash]) expect(await one.lines()).toEqual(['One', 'Two', 'Three']);
  // The same words under the same number, which the server knows again.
  const ones = mina.sent.filter(({ text }) => text === 'One');
  expect(ones).toHaveLength(2);
  expect(ones[0]?.id).toBe(ones[1]?.id);
});

test('Enter sends, Shift with Enter breaks the line, and nothing is not sent', { tag: '@desktop' }, async ({ arrive }) => {
  const mina = await arrive();
  await mina.openRoom('Mina');
  await expect(mina.composer).toBeFocused();
  for (const text of ['', '   ', '\n \u2003']) {
    await mina.composer.fill(text);
    await mina.composer.press('Enter');
    await mina.composer.press('Control+Enter');
    await mina.button('send').click({ force: true });
  }
  await mina.composer.fill('');
  await mina.page.keyboard.type('One');
  await mina.page.keyboard.press('Shift+Enter');
  await mina.page.keyboard.type('Two');
  expect(mina.said()).toEqual([]);
  await mina.page.keyboard.press('Enter');
  await expect(mina.composer).toHaveValue('');
  await mina.hasSent('One\nTwo');
  expect(mina.said()).toEqual(['One\nTwo']);
});

test('with fingers, Enter breaks the line and the button sends', async ({ arrive, isMobile }) => {
  const mina = await arrive();
  await mina.openRoom('Mina');
  await mina.composer.pressSequentially('One');
  if (isMobile) await mina.composer.press('Enter');
  else await mina.composer.press('Shift+Enter');
  await mina.composer.pressSequentially('Two');
  await mina.press('send');
  await mina.hasSent('One\nTwo');
  // The keyboard of a phone goes when the field loses the focus.
  await expect(mina.composer).toBeFocused();
});

test('the Enter of an input method chooses a word and sends nothing', { tag: '@desktop' }, async ({ arrive }) => {
  const mina = await arrive();
  await mina.openRoom('Mina');
  await mina.composer.focus();
  const device = await mina.context.newCDPSession(mina.page);
  await device.send('Input.imeSetComposition', { text: 'にほん', selectionStart: 3, selectionEnd: 3 });
  await device.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', key: 'Process', code: 'Enter', windowsVirtualKeyCode: 229 });
  await device.send('Input.dispatchKeyEvent', { type: 'keyUp', key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 13 });
  await device.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 13 });
  await device.send('Input.dispatchKeyEvent', { type: 'keyUp', key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 13 });
  await expect(mina.composer).toHaveValue('にほん');
  expect(mina.said()).toEqual([]);
  await device.send('Input.insertText', { text: '日本' });
  await expect(mina.composer).toHaveValue('日本');
  await mina.composer.press('Enter');
  await mina.hasSent('日本');
  expect(mina.said()).toEqual(['日本']);
});

test('a line that is refused says why, and comes back to the field with the arrow', { tag: '@desktop' }, async ({ arrive }) => {
  const mina = await arrive();
  await mina.openRoom('Mina');
  await mina.say('/dance');
  await expect(mina.line('/dance')).toContainText('Not sent. There is no such command. To say a line that begins with a slash, write two.');
  await expect(mina.line('/dance').getByRole('button')).toHaveText(['Send again', 'Delete']);
  await mina.composer.press('ArrowUp');
  await expect(mina.composer).toHaveValue('/dance');
  expect(await mina.lines()).toEqual([]);
  await mina.composer.fill('//dance');
  await mina.composer.press('Enter');
  await mina.hasSent('/dance');
});

test('what is too long is told before it is sent, and stays in the field', { tag: '@desktop' }, async ({ arrive }) => {
  const mina = await arrive();
  await mina.openRoom('Mina');
  await mina.composer.fill('a'.repeat(3_990));
  await expect(mina.page.getByText('10 characters left')).toBeVisible();
  await mina.composer.fill('a'.repeat(4_002));
  await expect(mina.page.getByText('2 characters too many')).toBeVisible();
  await mina.composer.press('Control+Enter');
  await expect(mina.composer).toHaveValue('a'.repeat(4_002));
  await mina.composer.fill('a'.repeat(4_000));
  await mina.composer.press('Control+Enter');
  await mina.hasSent('a'.repeat(4_000));
  expect(mina.said()).toEqual(['a'.repeat(4_000)]);
});

test('lines that come too fast are slowed down by the server, and all arrive, once and in order', { tag: '@desktop' }, async ({ arrive, serve }) => {
  const { mina, arash, gate } = await withAGate(arrive, await serve('--messages-burst', '5', '--messages-per-second', '5'));
  const texts = Array.from({ length: 12 }, (_, n) => `Line ${n}`);
  gate.hold();
  for (const text of texts) await mina.say(text);
  gate.release();
  await arash.hears('Line 11');
  for (const one of [mina, arash]) expect(await one.lines()).toEqual(texts);
  expect(mina.received.some(({ type, code: reason }) => type === 'error' && reason === 'rate_limited')).toBe(true);
});

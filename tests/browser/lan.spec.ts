// A classroom: plain http under a name of the local network. To a browser that is no secure context.
import { encode, outline } from '../../web/app/src/qr.ts';
import { expect, LAN, test, type Person } from './scene/index.ts';

/** What the clipboard holds, without the interface for it: it is pasted. */
async function pasted(person: Person): Promise<string> {
  await person.composer.fill('');
  await person.composer.focus();
  await person.page.keyboard.press('ControlOrMeta+V');
  await expect(person.composer).not.toHaveValue('');
  return person.composer.inputValue();
}

test('joining, talking, copying and showing the way work over plain http', async ({ arrive }) => {
  const mina = await arrive({ host: LAN });
  expect(await mina.page.evaluate(() => [isSecureContext, typeof navigator.clipboard, typeof crypto.randomUUID])).toEqual([false, 'undefined', 'undefined']);
  const code = await mina.openRoom('Mina');
  const link = `${mina.origin}/r/${code}`;
  const arash = await arrive({ host: LAN, path: null });
  await arash.enter(code, 'Arash');
  await mina.say('Hello, class');
  await arash.hears('Hello, class');
  await arash.say('Hello, Mina');
  await mina.hears('Hello, Mina');

  if (!mina.phone) {
    await mina.press('copyCode');
    await expect(mina.page.getByRole('button', { name: 'Copied', exact: true })).toBeVisible();
    await expect(mina.page.getByRole('status').filter({ hasText: 'Copied' })).toHaveCount(1);
    expect(await pasted(mina)).toBe(code);
  }

  await mina.share();
  const sheet = mina.page.getByRole('dialog');
  await expect(sheet.getByRole('textbox', { name: 'Link' })).toHaveValue(link);
  const square = sheet.getByRole('img', { name: /^Square code \(QR\) with the link to/ });
  const modules = encode(link);
  expect(modules).not.toBeNull();
  await expect(square.locator('path')).toHaveAttribute('d', outline(modules ?? [], 4));
  for (const [button, text] of [['copyCode', code], ['copyLink', link]] as const) {
    await mina.press(mina.button(button, sheet));
    await expect(mina.button('copied', sheet)).toBeVisible();
    await mina.closeSheet();
    expect(await pasted(mina)).toBe(text);
    await mina.share();
  }
});

test('where copying is refused the link is selected, and says so', { tag: '@desktop' }, async ({ arrive }) => {
  const mina = await arrive({ host: LAN, path: null });
  await mina.page.addInitScript(() => { document.execCommand = () => false; });
  await mina.go();
  const code = await mina.openRoom('Mina');
  await mina.share();
  const sheet = mina.page.getByRole('dialog');
  await mina.press(mina.button('copyLink', sheet));
  await expect(sheet.getByRole('alert')).toContainText('Copying was refused. The link is selected');
  const field = sheet.getByRole('textbox', { name: 'Link' });
  await expect(field).toBeFocused();
  expect(await field.evaluate((input: HTMLInputElement) => input.value.slice(input.selectionStart ?? 0, input.selectionEnd ?? 0))).toBe(`${mina.origin}/r/${code}`);
});

test('a reload and a lost connection are nothing special there', { tag: '@desktop' }, async ({ arrive, serve }) => {
  const at = await serve();
  const mina = await arrive({ at, host: LAN });
  const code = await mina.openRoom('Mina');
  const arash = await arrive({ at, host: LAN, path: null });
  await arash.enter(code, 'Arash');
  await arash.page.reload();
  await at.kill();
  await arash.say('Kept');
  await at.again();
  await arash.hasSent('Kept');
});

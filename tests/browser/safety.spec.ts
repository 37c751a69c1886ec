// What people write is text and stays text. (That no page breaks its policy or asks another host is watched in every scene.)
import { expect, test } from './scene/index.ts';

const NASTY = [
  '<img src=x onerror="document.title=\'owned\'">',
  '<script>document.title="owned"</script>',
  '"><svg/onload=document.title="owned">',
  'javascript:document.title="owned"',
  '{{constructor.constructor("document.title=1")()}}',
  '&lt;b&gt; &amp; &#x3c;i&#x3e;',
  '<!-- </li></ol> -->',
];

test('markup is shown as it was typed, in lines, names, menus and the list of rooms', { tag: '@desktop' }, async ({ arrive }) => {
  const name = '<b onclick=x>Bob</b>';
  const mina = await arrive();
  const code = await mina.openRoom('Mina');
  const bob = await arrive();
  await bob.join(code, name);
  for (const text of NASTY) await bob.say(text);
  await expect(mina.log.locator('li.msg')).toHaveCount(NASTY.length);
  expect(await mina.lines()).toEqual(NASTY);
  await expect(mina.log.locator('.stack :is(img, script, svg, b, i, iframe)')).toHaveCount(0);
  await expect(mina.notes).toHaveText([`${name} joined`]);
  expect(await mina.page.title()).toMatch(/^Room .* Charsu$/);
  await mina.press(mina.log.getByRole('button', { name }).first());
  await expect(mina.page.getByRole('menu')).toContainText(name);
  await mina.page.keyboard.press('Escape');
  await expect((await mina.people()).getByRole('listitem').last()).toContainText(name);
  await mina.closeSheet();
  await expect((await mina.rooms()).getByRole('link')).toContainText(NASTY.at(-1) ?? '');
});

test('only web addresses become links, and they tell the other site nothing', { tag: '@desktop' }, async ({ arrive }) => {
  const mina = await arrive();
  const code = await mina.openRoom('Mina');
  const arash = await arrive();
  await arash.join(code, 'Arash');
  await arash.say('See (https://example.org/a?b=1). javascript:alert(1) file:///etc/passwd http://user:secret@example.org/');
  await expect(mina.log.getByRole('link')).toHaveText(['https://example.org/a?b=1', 'http://user:secret@example.org/']);
  const link = mina.log.getByRole('link').first();
  await expect(link).toHaveAttribute('href', 'https://example.org/a?b=1');
  await expect(link).toHaveAttribute('target', '_blank');
  await expect(link).toHaveAttribute('rel', /noopener/);
});

test('characters that turn the text round turn nothing', { tag: '@desktop' }, async ({ arrive }) => {
  const mina = await arrive();
  const code = await mina.openRoom('Mina');
  const arash = await arrive();
  await arash.join(code, 'Ara\u202Esh');
  await arash.say('invoice\u202Efdp.exe');
  await mina.hears('invoicefdp.exe');
  const shown = await mina.page.locator('body').innerText();
  expect(shown).not.toMatch(/[\u202A-\u202E]/);
  await expect(mina.line('invoicefdp.exe').getByRole('button')).toHaveText('Arash');
  // Stacked marks stay within their bubble.
  await arash.say(`Z${'\u0335\u0300\u0301'.repeat(60)}algo`);
  await mina.say('Below');
  await mina.hears('Below');
});

test('a very long word, a wide block of code and many lines stay inside their column', async ({ arrive }) => {
  const mina = await arrive();
  await mina.openRoom('Mina');
  await mina.say('w'.repeat(600));
  await mina.say(`\`\`\`\n${'x = '.repeat(120)}\n\`\`\``);
  await mina.say(Array.from({ length: 80 }, (_, n) => `Row ${n}`).join('\n'));
  await expect(mina.log.locator('li.msg.sent')).toHaveCount(3);
  const fits = await mina.page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth
    && [...document.querySelectorAll('.log .body, .log pre')].every((one) => one.getBoundingClientRect().right <= innerWidth && one.getBoundingClientRect().left >= 0));
  expect(fits).toBe(true);
  // What is wider than the screen is scrolled inside its own box, also by keyboard.
  const code = mina.log.locator('pre');
  expect(await code.evaluate((box) => box.scrollWidth > box.clientWidth)).toBe(true);
  await expect(code).toHaveAttribute('tabindex', '0');
});

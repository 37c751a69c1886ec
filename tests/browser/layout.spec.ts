// What fits where, what scrolls, and which colours.
import { expect, test, type Person } from './scene/index.ts';

const fitsAcross = (person: Person) => person.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);

for (const language of ['en', 'fa'] as const) {
  test(`at 320 pixels nothing scrolls sideways (${language})`, { tag: '@phone' }, async ({ arrive }) => {
    const mina = await arrive({ language, context: { viewport: { width: 320, height: 568 } } });
    expect(await fitsAcross(mina)).toBe(true);
    const code = await mina.openRoom(language === 'fa' ? 'نیلوفر رضایی‌پور' : 'Wolfeschlegelsteinhausen');
    expect(await fitsAcross(mina)).toBe(true);
    await mina.say('https://example.org/a/very/long/address/without/a/single/place/to/break/it?and=more&and=more');
    await mina.say('w'.repeat(200));
    expect(await fitsAcross(mina)).toBe(true);
    await mina.share();
    await expect(mina.page.getByRole('dialog')).toBeVisible();
    expect(await fitsAcross(mina)).toBe(true);
    await mina.closeSheet();
    await mina.rooms();
    expect(await fitsAcross(mina)).toBe(true);
    const other = await arrive({ language, path: `/r/${code}`, context: { viewport: { width: 320, height: 568 } } });
    await expect(other.nameField).toBeVisible();
    expect(await fitsAcross(other)).toBe(true);
  });
}

test('in a long conversation only the conversation scrolls, and the end is followed', async ({ arrive }) => {
  const mina = await arrive();
  const code = await mina.openRoom('Mina');
  const arash = await arrive();
  await arash.join(code, 'Arash');
  await mina.say(Array.from({ length: 60 }, (_, n) => `Row ${n}`).join('\n'));
  await mina.say('The last one');
  await arash.hears('The last one');
  for (const one of [mina, arash]) {
    await expect(one.composer).toBeInViewport({ ratio: 1 });
    expect(await one.page.evaluate(() => document.documentElement.scrollHeight <= innerHeight)).toBe(true);
    expect(await one.log.evaluate((log) => log.scrollHeight > log.clientHeight)).toBe(true);
  }

  // Who reads further up keeps the place, and is told.
  await arash.log.evaluate((log) => { log.scrollTop = 0; });
  await expect(arash.button('toTheEnd')).toBeVisible();
  await mina.say('And one more');
  const pill = arash.page.getByRole('button', { name: '1 new message' });
  await expect(pill).toBeVisible();
  expect(await arash.log.evaluate((log) => log.scrollTop)).toBeLessThan(50);
  await arash.press(pill);
  await arash.hears('And one more');
  await expect(pill).toHaveCount(0);

  // The keyboard of a phone takes half of the screen.
  const { width, height } = mina.page.viewportSize() ?? { width: 0, height: 0 };
  await mina.page.setViewportSize({ width, height: Math.round(height / 2) });
  await expect(mina.composer).toBeInViewport({ ratio: 1 });
  await mina.hears('And one more');
});

test('the field grows with what is written, and not for ever', async ({ arrive }) => {
  const mina = await arrive();
  await mina.openRoom('Mina');
  const height = async () => (await mina.composer.boundingBox())?.height ?? 0;
  const one = await height();
  await mina.composer.fill('One\nTwo\nThree');
  await expect.poll(height).toBeGreaterThan(one * 1.5);
  await mina.composer.fill(Array.from({ length: 60 }, () => 'Row').join('\n'));
  await expect(mina.button('send')).toBeInViewport({ ratio: 1 });
  await expect(mina.page.getByRole('heading', { level: 1 })).toBeInViewport({ ratio: 1 });
});

test('the conversation is a log with a name, and each line tells who, what and when', { tag: '@desktop' }, async ({ arrive }) => {
  const mina = await arrive();
  const code = await mina.openRoom('Mina');
  const arash = await arrive();
  await arash.join(code, 'Arash');
  await arash.say('Hello');
  await arash.say('Again');
  await mina.hears('Again');
  const name = (await mina.log.getAttribute('aria-label') ?? '').replace(/[\u2066-\u2069\s]/g, '');
  expect(name).toBe(`ConversationinRoom${code}`);
  await expect(mina.log).toHaveAttribute('aria-live', 'polite');
  const time = /\d{1,2}:\d\d/;
  for (const text of ['Hello', 'Again']) {
    const spoken = await mina.line(text).evaluate((row) => row.textContent ?? '');
    expect(spoken).toMatch(/Arash/);
    expect(spoken).toMatch(time);
  }
});

test('the theme is the device\'s, until one chooses', async ({ arrive }) => {
  const mina = await arrive({ theme: 'dark' });
  const html = mina.page.locator('html');
  const ground = () => mina.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await expect(html).toHaveAttribute('data-theme', 'dark');
  const dark = await ground();
  await mina.page.emulateMedia({ colorScheme: 'light' });
  await expect(html).toHaveAttribute('data-theme', 'light');
  expect(await ground()).not.toBe(dark);
  await mina.press('darkTheme');
  await expect(html).toHaveAttribute('data-theme', 'dark');
  await expect(mina.button('darkTheme')).toHaveAttribute('aria-pressed', 'true');
  await expect.poll(ground).toBe(dark);
});

test('a chosen theme and language are there before anything is drawn', { tag: '@desktop' }, async ({ arrive }) => {
  const mina = await arrive({ theme: 'light' });
  await mina.press('darkTheme');
  await mina.press(mina.page.getByRole('button', { name: 'فارسی' }));
  await mina.page.addInitScript(() => {
    const watch = new MutationObserver(() => {
      if (document.body === null) return;
      watch.disconnect();
      const { theme } = document.documentElement.dataset;
      sessionStorage.setItem('first', [theme, document.documentElement.lang, document.documentElement.dir].join(' '));
    });
    watch.observe(document, { childList: true, subtree: true });
  });
  await mina.page.reload();
  await expect(mina.page.locator('html')).toHaveAttribute('data-theme', 'dark');
  expect(await mina.page.evaluate(() => sessionStorage.getItem('first'))).toBe('dark fa rtl');
});

test('a dialog keeps the focus, closes with Escape and gives it back', { tag: '@desktop' }, async ({ arrive }) => {
  const mina = await arrive();
  await mina.openRoom('Mina');
  await mina.button('settings').focus();
  await mina.page.keyboard.press('Enter');
  const dialog = mina.page.getByRole('dialog', { name: 'Settings' });
  await expect(dialog).toBeVisible();
  for (let n = 0; n < 8; n += 1) {
    await mina.page.keyboard.press('Tab');
    expect(await dialog.evaluate((box) => document.activeElement === document.body || box.contains(document.activeElement))).toBe(true);
  }
  await mina.page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await expect(mina.button('settings')).toBeFocused();
});

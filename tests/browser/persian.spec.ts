// English and Persian in one room: each page in its own language and direction, every name and line in its own.
import { digitsOf, expect, test, type Person } from './scene/index.ts';

/** With a zero-width non-joiner, which is a letter's business and no blank. */
const NAME = 'علی\u200cرضا';

/** Whether the first character of a text stands left of its last one on the screen. */
async function runsLeftToRight(person: Person, selector: string): Promise<boolean> {
  return person.page.locator(selector).first().evaluate((element) => {
    const texts: Text[] = [];
    const walk = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node !== null; node = walk.nextNode()) if (node instanceof Text && node.data.trim() !== '') texts.push(node);
    const place = (text: Text | undefined, at: number) => {
      const range = document.createRange();
      if (text === undefined) throw new Error('no text');
      range.setStart(text, at);
      range.setEnd(text, at + 1);
      return range.getBoundingClientRect().x;
    };
    const last = texts.at(-1);
    return place(texts[0], 0) < place(last, (last?.length ?? 1) - 1);
  });
}

test('an English page and a Persian page in one room', async ({ arrive }) => {
  const ali = await arrive({ language: 'fa' });
  await expect(ali.page.locator('html')).toHaveAttribute('dir', 'rtl');
  await expect(ali.page.locator('html')).toHaveAttribute('lang', 'fa');
  const code = await ali.openRoom(NAME);
  const shown = digitsOf('fa', `${code.slice(0, 3)}\u00a0${code.slice(3)}`);
  await expect(ali.page.getByRole('heading', { level: 1 })).toHaveText(`اتاق ${shown}`);

  const jonas = await arrive();
  await expect(jonas.page.locator('html')).toHaveAttribute('dir', 'ltr');
  await jonas.join(code, 'Jonas Weber');
  await expect(ali.notes).toHaveText(['Jonas Weber وارد شد']);
  await expect(ali.page.locator('.bar')).toContainText('۲ نفر حاضر');

  await ali.say('سلام، خوش آمدید! ساعت 5 شروع می\u200cکنیم؟');
  await jonas.hears('سلام، خوش آمدید! ساعت 5 شروع می\u200cکنیم؟');
  await jonas.say('Thanks, five is fine.');
  await ali.hears('Thanks, five is fine.');

  // The name as it was written, half-space and all.
  const author = jonas.log.getByRole('button', { name: NAME });
  expect(await author.textContent()).toBe(NAME);
  expect(await (await jonas.people()).locator('bdi').allTextContents()).toEqual(['Jonas Weber', NAME]);
  await jonas.closeSheet();

  // Each line in its own direction, on its author's side, in both pages.
  for (const one of [ali, jonas]) {
    await expect(one.line('Thanks, five is fine.').locator('p')).toHaveCSS('direction', 'ltr');
    await expect(one.line(/^سلام/).locator('p')).toHaveCSS('direction', 'rtl');
  }
  expect(await ali.sideOf('Thanks, five is fine.')).toBe('start');
  expect(await jonas.sideOf('Thanks, five is fine.')).toBe('end');

  await jonas.typesBefore(ali, 'Jonas Weber می\u200cنویسد');
});

test('a code keeps its order in a Persian page, wherever it stands', async ({ arrive }) => {
  const ali = await arrive({ language: 'fa' });
  const code = await ali.openRoom(NAME);
  expect(await runsLeftToRight(ali, '.bar h1 .num')).toBe(true);
  expect(await runsLeftToRight(ali, '.bigcode')).toBe(true);
  await ali.rooms();
  expect(await runsLeftToRight(ali, '.rail .num')).toBe(true);
  const sara = await arrive({ language: 'fa', path: `/r/${code}` });
  await expect(sara.page.getByRole('heading', { level: 1 })).toContainText(digitsOf('fa', code.slice(0, 3)));
  expect(await runsLeftToRight(sara, 'h1 .num')).toBe(true);
  await sara.press('otherCode');
  await sara.codeField.fill('40821');
  expect(await runsLeftToRight(sara, '.digits')).toBe(true);
  await expect(sara.page.locator('.digits')).toHaveText('۴۰۸۲۱');
});

test('a name that differs only in Arabic letters and half-spaces is the same name', { tag: '@desktop' }, async ({ arrive }) => {
  const ali = await arrive({ language: 'fa' });
  const code = await ali.openRoom(NAME);
  const other = await arrive({ language: 'fa', path: `/r/${code}` });
  await other.nameField.fill('عليرضا');
  await other.press('comeIn');
  const problem = other.page.getByRole('alert').filter({ hasText: 'این نام در اتاق هست.' });
  await expect(problem).toBeVisible();
  await other.press(problem.getByRole('button'));
  await other.isInside();
  await expect(ali.notes).toHaveCount(1);
});

test('the language changes at a press, and stays', async ({ arrive }) => {
  const mina = await arrive();
  await mina.press(mina.page.getByRole('button', { name: 'فارسی' }));
  await expect(mina.page.locator('html')).toHaveAttribute('dir', 'rtl');
  await expect(mina.page.getByRole('heading', { level: 1 })).toHaveText('یک اتاق، شش رقم.');
  await mina.page.reload();
  await expect(mina.page.getByRole('heading', { level: 1 })).toHaveText('یک اتاق، شش رقم.');
  await mina.page.getByRole('textbox', { name: 'نام شما' }).fill('مینا');
  await mina.press(mina.page.getByRole('button', { name: 'ساختن اتاق تازه' }));
  await mina.isInside();
  // Inside too, without losing the room.
  await mina.composer.fill('نیمه');
  if (mina.phone) await mina.press(mina.page.getByRole('button', { name: /^بازگشت به اتاق/ }));
  await mina.press(mina.page.getByRole('button', { name: 'تنظیمات' }));
  await mina.press(mina.page.getByRole('radio', { name: 'English' }));
  await expect(mina.page.locator('html')).toHaveAttribute('dir', 'ltr');
  await mina.closeSheet();
  if (mina.phone) await mina.page.goBack();
  await expect(mina.composer).toHaveValue('نیمه');
  await expect(mina.page.locator('.bar')).toContainText('1 person here');
});

// Two people, one room: the main thing.
import { expect, Person, test } from './scene/index.ts';

/** Two people in a new room. */
async function together(arrive: (arrival?: object) => Promise<Person>): Promise<{ mina: Person; arash: Person; code: string }> {
  const mina = await arrive();
  const code = await mina.openRoom('Mina');
  const arash = await arrive();
  await arash.join(code, 'Arash');
  return { mina, arash, code };
}

test('a name, a new room, its code, a second person, and they talk', async ({ arrive }) => {
  const { mina, arash, code } = await together(arrive);
  expect(code).toMatch(/^\d{6}$/);
  await expect(mina.page.getByRole('heading', { level: 1 })).toHaveText(`Room ${code.slice(0, 3)}\u00a0${code.slice(3)}`);
  await expect(arash.page).toHaveURL(`${arash.origin}/r/${code}`);

  await mina.say('Hello, Arash');
  await arash.hears('Hello, Arash');
  await arash.say('Hello, Mina');
  await mina.hears('Hello, Mina');
  await mina.hasSent('Hello, Arash');
  for (const one of [mina, arash]) expect(await one.lines()).toEqual(['Hello, Arash', 'Hello, Mina']);

  await expect(mina.line('Hello, Mina').getByRole('button', { name: 'Arash' })).toBeVisible();
  await expect(arash.line('Hello, Arash').getByRole('button', { name: 'Mina' })).toBeVisible();
});

test('an empty room shows its code large, until something is said', { tag: '@desktop' }, async ({ arrive }) => {
  const mina = await arrive();
  const code = await mina.openRoom('Mina');
  await expect(mina.log.locator('.bigcode')).toContainText(`${code.slice(0, 3)}\u00a0${code.slice(3)}`);
  await expect(mina.log.getByRole('heading', { name: 'It is quiet here' })).toBeVisible();
  await mina.say('Not any more');
  await expect(mina.log.getByRole('heading')).toHaveCount(0);
});

test('lines of one person stand together under one name, and own ones at the end of the line, also after a reload', async ({ arrive }) => {
  const { mina, arash } = await together(arrive);
  await mina.say('Mine');
  await arash.say('Yours');
  await arash.say('Yours, too');
  await mina.hears('Yours, too');
  await expect(mina.log.getByRole('button', { name: 'Arash' })).toHaveCount(1);
  const sides = async (one: Person) => [await one.sideOf('Mine'), await one.sideOf('Yours')];
  expect(await sides(mina)).toEqual(['end', 'start']);
  expect(await sides(arash)).toEqual(['start', 'end']);
  await mina.page.reload();
  await mina.hears('Yours, too');
  expect(await sides(mina)).toEqual(['end', 'start']);
});

test('who comes and goes is folded into one line', { tag: '@desktop' }, async ({ arrive }) => {
  const { mina, arash, code } = await together(arrive);
  await expect(mina.notes).toHaveText(['Arash joined']);
  const sara = await arrive();
  await sara.join(code, 'Sara');
  await expect(mina.notes).toHaveText(['Arash and Sara joined']);
  await arash.leave();
  await expect(mina.notes).toHaveText(['Sara joined · Arash came and left']);
  await mina.say('So quiet');
  await sara.hears('So quiet');
  await sara.leave();
  await expect(mina.notes).toHaveText(['Sara joined · Arash came and left', 'Sara left']);
});

test('the list shows who is here, and how many', async ({ arrive }) => {
  const { mina, arash } = await together(arrive);
  await expect(mina.page.getByRole('banner').or(mina.page.locator('.bar'))).toContainText('2 people here');
  const list = await mina.people();
  await expect(list.getByRole('listitem')).toHaveText([/Mina\s*you$/, /Arash$/]);
  await mina.closeSheet();
  await arash.leave();
  await expect(mina.page.locator('.bar')).toContainText('1 person here');
  await expect((await mina.people()).getByRole('listitem')).toHaveText([/Mina/]);
});

test('somebody who types is seen typing, until the line is sent or two seconds after the last key', async ({ arrive }) => {
  const { mina, arash } = await together(arrive);
  await mina.typesBefore(arash, 'Mina is typing');
  await expect(arash.typing).toHaveText('');
  await mina.typesBefore(arash, 'Mina is typing');
  await mina.say('Hello');
  await arash.hears('Hello');
  await expect(arash.typing).toHaveText('', { timeout: 1_000 });
});

test('a private message from the menu of a name is seen by two', async ({ arrive }) => {
  const { mina, arash, code } = await together(arrive);
  const sara = await arrive();
  await sara.join(code, 'Sara');
  await arash.say('I am here');
  await mina.hears('I am here');

  await mina.press(mina.log.getByRole('button', { name: 'Arash' }));
  await mina.press(mina.page.getByRole('menuitem', { name: 'Write privately' }));
  await expect(mina.composer).toBeFocused();
  await expect(mina.page.getByRole('textbox', { name: /^Write to .?Arash.? only$/ })).toBeVisible();
  await mina.say('Between us');
  await arash.hears('Between us');
  await expect(arash.line('Between us')).toContainText('Private to you');
  await expect(mina.line('Between us')).toContainText('Private to Arash');

  await mina.press('privateStop');
  await mina.say('To all of you');
  await sara.hears('To all of you');
  expect(await sara.lines()).toEqual(['I am here', 'To all of you']);
  expect(sara.received.some(({ text }) => text === 'Between us')).toBe(false);
});

test('from the list of people one names somebody, or writes to them alone', async ({ arrive }) => {
  const { mina, arash } = await together(arrive);
  const choose = async (item: string) => {
    await mina.press((await mina.people()).getByRole('button', { name: 'Arash' }));
    await mina.press(mina.page.getByRole('menuitem', { name: item }));
    await expect(mina.page.getByRole('menu')).toHaveCount(0);
    await expect(mina.page.getByRole('dialog')).toHaveCount(0);
  };
  await choose('Name in a message');
  await expect(mina.composer).toHaveValue('Arash ');
  await mina.say('Arash, look');
  await arash.hears('Arash, look');
  await choose('Write privately');
  await mina.say('Only you');
  await arash.hears('Only you');
  await expect(arash.line('Only you')).toContainText('Private to you');
});

test('/msg writes to one person, and says whom it might have meant', { tag: '@desktop' }, async ({ arrive }) => {
  const { mina, arash, code } = await together(arrive);
  const sara = await arrive();
  await sara.join(code, 'Sara Karimi');

  await arash.say('/msg "Sara Karimi" at four?');
  await sara.hears('at four?');
  await expect(sara.line('at four?')).toContainText('Private to you');
  await expect(arash.line('at four?')).toContainText('Private to Sara Karimi');

  await arash.say('/msg Sara Karim at five?');
  const failed = arash.log.locator('li.msg.failed');
  await expect(failed).toContainText('Nobody of that name is in the room.');
  await expect(failed).toContainText('Sara Karimi');
  await arash.press(arash.button('delete', failed));
  await expect(failed).toHaveCount(0);

  await arash.say('//msg is how it is done');
  await mina.hears('/msg is how it is done');
  expect(await mina.lines()).toEqual(['/msg is how it is done']);
  expect(await arash.lines()).toEqual(['at four?', '/msg is how it is done']);
});

test('who leaves is gone at once, and so is the room from the page', async ({ arrive }) => {
  const { mina, arash, code } = await together(arrive);
  await arash.say('Bye');
  await mina.hears('Bye');
  await arash.leave();
  await expect(mina.notes.last()).toHaveText('Arash left');
  await expect(arash.page).toHaveURL(`${arash.origin}/`);
  await expect(arash.button('openRoom')).toBeVisible();
  // The name is free at once.
  const other = await arrive();
  await other.join(code, 'Arash');
  await expect(mina.notes.last()).toContainText('Arash');
});

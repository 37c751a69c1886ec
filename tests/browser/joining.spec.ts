// The ways into a room, and what is said where there is none.
import { digitsOf, expect, literally, test, type Person } from './scene/index.ts';

/** Puts a text into the clipboard and from there into the field for the code. */
async function paste(person: Person, text: string): Promise<void> {
  await person.codeField.focus();
  await person.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await person.page.evaluate((what) => navigator.clipboard.writeText(what), text);
  await person.page.keyboard.press('ControlOrMeta+V');
}

test('a code is found in whatever is pasted, and leads in by itself once there is a name', { tag: '@desktop' }, async ({ arrive }) => {
  const mina = await arrive();
  const code = await mina.openRoom('Mina');
  const [one, two] = [code.slice(0, 3), code.slice(3)];
  const arash = await arrive();
  for (const written of [`${one} ${two}`, `\u2066${one}-${two}\u2069`, digitsOf('fa', `${one} ${two}`), `Come in: ${code}!`, `${mina.origin}/r/${code}`]) {
    await arash.codeField.fill('');
    await paste(arash, written);
    await expect(arash.codeField, written).toHaveValue(code);
    await expect(arash.nameField).toBeFocused();
  }
  await arash.nameField.fill('Arash');
  await arash.codeField.fill('');
  await paste(arash, `${one} ${two}`);
  await arash.isInside();
  expect(arash.code()).toBe(code);
});

test('a code may be typed in Persian digits, with a space, and corrected', { tag: '@desktop' }, async ({ arrive }) => {
  const mina = await arrive();
  const code = await mina.openRoom('Mina');
  const arash = await arrive({ language: 'fa' });
  await arash.nameField.fill('آرش');
  await arash.codeField.pressSequentially(digitsOf('fa', `${code.slice(0, 3)} ${code.slice(3, 5)}`));
  await expect(arash.codeField).toHaveValue(code.slice(0, 5));
  const wrong = String((Number(code[4]) + 1) % 10);
  await arash.codeField.press('Backspace');
  await arash.codeField.pressSequentially(wrong);
  await arash.codeField.press('Backspace');
  await arash.codeField.pressSequentially(digitsOf('fa', code.slice(4)));
  await arash.isInside();
  await mina.hearsOf('آرش');
});

test('a code without a name asks for the name, and keeps the code', { tag: '@desktop' }, async ({ arrive }) => {
  const mina = await arrive();
  const code = await mina.openRoom('Mina');
  const arash = await arrive();
  await arash.codeField.pressSequentially(code);
  await expect(arash.nameField).toBeFocused();
  await arash.press('join');
  await expect(arash.page.getByRole('alert').filter({ hasText: 'Write a name first.' })).toBeVisible();
  await arash.nameField.fill('Arash');
  await arash.nameField.press('Enter');
  await arash.isInside();
});

test('a name that is taken is told beside its field, with one that is free', async ({ arrive }) => {
  const mina = await arrive();
  const code = await mina.openRoom('Mina');
  const other = await arrive();
  await other.nameField.fill('MINA');
  await other.codeField.pressSequentially(code);
  const problem = other.page.getByRole('alert').filter({ hasText: 'Someone in this room has that name. Pick another.' });
  await expect(problem).toBeVisible();
  await expect(other.nameField).toHaveAttribute('aria-invalid', 'true');
  await expect(other.codeField).toHaveValue(code);
  await other.press(problem.getByRole('button', { name: /^Use .?MINA 2/ }));
  await other.isInside();
  await mina.hearsOf('MINA 2');
});

test('a name that is taken is told on a link too, and typing another one clears it', { tag: '@desktop' }, async ({ arrive }) => {
  const mina = await arrive();
  const code = await mina.openRoom('Mina');
  const other = await arrive({ path: `/r/${code}` });
  await other.nameField.fill('Mina');
  await other.press('comeIn');
  const problem = other.page.getByRole('alert').filter({ hasText: 'Pick another.' });
  await expect(problem).toBeVisible();
  await other.nameField.fill('Nima');
  await expect(problem).toHaveCount(0);
  await other.nameField.press('Enter');
  await other.isInside();
  await mina.hearsOf('Nima');
});

test('a code that no room has is told at its field, kept and selected', { tag: '@desktop' }, async ({ arrive }) => {
  const arash = await arrive();
  await arash.nameField.fill('Arash');
  await arash.codeField.pressSequentially('000000');
  await expect(arash.page.getByRole('alert').filter({ hasText: 'No room has this code. Check it, or open a new room.' })).toBeVisible();
  await expect(arash.codeField).toHaveValue('000000');
  await expect(arash.codeField).toBeFocused();
  expect(await arash.codeField.evaluate((field: HTMLInputElement) => [field.selectionStart, field.selectionEnd])).toEqual([0, 6]);
});

test('a link to a room that is not there says so, and leads on', { tag: '@desktop' }, async ({ arrive }) => {
  const arash = await arrive({ path: '/r/000000' });
  await expect(arash.page.getByRole('heading', { name: 'No room has this code' })).toBeVisible();
  await expect(arash.nameField).toHaveCount(0);
  await arash.press('otherCode');
  await expect(arash.page).toHaveURL(`${arash.origin}/`);
  await expect(arash.codeField).toBeVisible();
});

test('a link to a room asks for the name only, names the room and says how many are there', async ({ arrive }) => {
  const mina = await arrive();
  const code = await mina.openRoom('Mina');
  const arash = await arrive({ path: `/r/${code}` });
  await expect(arash.page.getByRole('heading', { level: 1 })).toHaveText(`Room ${code.slice(0, 3)}\u00a0${code.slice(3)}`);
  await expect(arash.page.getByText('1 person is there now.')).toBeVisible();
  await expect(arash.page.getByRole('textbox')).toHaveCount(1);
  await arash.nameField.fill('Arash');
  await arash.press('comeIn');
  await arash.isInside();
  await mina.hearsOf('Arash');
});

test('a link with the code written otherwise is the same room', { tag: '@desktop' }, async ({ arrive }) => {
  const mina = await arrive();
  const code = await mina.openRoom('Mina');
  const arash = await arrive({ path: `/r/${encodeURIComponent(digitsOf('fa', `${code.slice(0, 3)}-${code.slice(3)}`))}` });
  await arash.nameField.fill('Arash');
  await arash.press('comeIn');
  await arash.isInside();
  await mina.hearsOf('Arash');
});

test('a named room opens by its link, and has no code to show', { tag: '@desktop' }, async ({ arrive }, { project, workerIndex }) => {
  const room = `tea-${project.name}-${workerIndex}`;
  const mina = await arrive();
  await mina.enter(room, 'Mina');
  await expect(mina.page.getByRole('heading', { level: 1 })).toHaveText(room);
  await expect(mina.page.locator('.bigcode')).toHaveCount(0);
  const arash = await arrive();
  await arash.enter(room, 'Arash');
  await arash.say('Any tea left?');
  await mina.hears('Any tea left?');
});

test('/r/general opens for whoever comes first', { tag: '@desktop' }, async ({ arrive, serve }) => {
  const mina = await arrive({ at: await serve(), path: '/r/general' });
  await expect(mina.page.getByText('Nobody is there yet. You would be the first.')).toBeVisible();
  await mina.nameField.fill('Mina');
  await mina.press('comeIn');
  await mina.isInside();
  await expect(mina.page.getByRole('heading', { level: 1 })).toHaveText('general');
});

test('the name is known the next time', { tag: '@desktop' }, async ({ arrive }) => {
  const mina = await arrive();
  await mina.openRoom('Mina');
  const page = await mina.context.newPage();
  await page.goto(mina.origin);
  await expect(page.getByRole('textbox', { name: 'Your name' })).toHaveValue('Mina');
});

test('the back button goes out of the room and its page comes back; the room is not left', async ({ arrive }) => {
  const mina = await arrive();
  const code = await mina.openRoom('Mina');
  const arash = await arrive();
  await arash.join(code, 'Arash');
  await arash.page.goBack();
  await expect(arash.page).toHaveURL(`${arash.origin}/`);
  await expect(arash.log).toHaveCount(0);
  await mina.say('Are you still here?');
  await expect(arash.page.locator(`a[href="/r/${code}"]`)).toContainText('Are you still here?');
  await arash.page.goForward();
  await arash.hears('Are you still here?');
  await expect(mina.notes).toHaveText(['Arash joined']);
});

test('a reload is the same person, and nobody is told of it', async ({ arrive }) => {
  const mina = await arrive();
  const code = await mina.openRoom('Mina');
  const arash = await arrive();
  await arash.join(code, 'Arash');
  await mina.say('Before');
  await arash.hears('Before');
  await arash.page.reload();
  await arash.hears('Before');
  await arash.say('After');
  await mina.hears('After');
  await expect(mina.notes).toHaveText(['Arash joined']);
  await expect(mina.line('After').getByRole('button', { name: new RegExp(`^${literally('Arash')}$`) })).toBeVisible();
  await expect(mina.page.locator('.bar')).toContainText('2 people here');
});

test('a link to a further room asks for the name there, and does not lead back to the room one is in', { tag: '@desktop' }, async ({ arrive }) => {
  const mina = await arrive();
  const first = await mina.openRoom('Mina');
  const other = await arrive();
  const second = await other.openRoom('Sara');
  // Within the page, as the back button does it.
  await mina.page.evaluate((room) => {
    history.pushState(null, '', `/r/${room}`);
    dispatchEvent(new PopStateEvent('popstate'));
  }, second);
  await expect(mina.button('comeIn')).toBeVisible();
  await expect(mina.page).toHaveURL(`${mina.origin}/r/${second}`);
  await mina.press('comeIn');
  await other.hearsOf('Mina');
  await mina.isInside();
  await expect(mina.page).toHaveURL(`${mina.origin}/r/${second}`);
  await mina.goTo(first);
});

test('a named room is one room, however its name is spelled', { tag: '@desktop' }, async ({ arrive, serve }) => {
  const at = await serve();
  const mina = await arrive({ at });
  const code = await mina.openRoom('Mina');
  await mina.go('/r/General');
  await mina.press('comeIn');
  await expect(mina.page).toHaveURL(`${mina.origin}/r/general`);
  const arash = await arrive({ at });
  await arash.enter('general', 'Arash');
  await arash.say('Same room?');
  await mina.hears('Same room?');
  await expect((await mina.rooms()).getByRole('link')).toHaveCount(2);
  await mina.goTo(code);
});

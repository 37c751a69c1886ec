// A server that lets in only whom it invites: the invitation's token comes after the #, gives the name, and has an end.
import { createHmac } from 'node:crypto';
import { resolve } from 'node:path';
import { readFileSync } from 'node:fs';
import { expect, test } from './scene/index.ts';

const SECRET_FILE = resolve(__dirname, '../auth/keys/secret.txt');
const secret = readFileSync(SECRET_FILE, 'utf8').trimEnd();

function invitation(name: string, seconds: number, rooms?: string[]): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const exp = Math.floor(Date.now() / 1000) + seconds;
  const message = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: name, rooms, exp })}`;
  return `${message}.${createHmac('sha256', secret).update(message).digest('base64url')}`;
}

test('who has no invitation, or one that is not good, is told so in either language', async ({ arrive, serve }) => {
  const at = await serve('--auth-secret-file', SECRET_FILE);
  const mina = await arrive({ at });
  await expect(mina.page.getByRole('heading', { name: 'By invitation only' })).toBeVisible();
  await expect(mina.page.getByRole('alert')).toHaveText('You need an invitation link to enter here.');
  await mina.go(`/r/general#token=${invitation('Mina', 60)}x`);
  await expect(mina.page.getByRole('alert')).toHaveText('This invitation is not good. Ask for another link.');
  const arash = await arrive({ at, language: 'fa', path: `/r/general#token=${invitation('آرش', -1)}` });
  await expect(arash.page.getByRole('heading', { name: 'ورود با دعوت' })).toBeVisible();
  await expect(arash.page.getByRole('alert')).toContainText('مهلت این دعوت گذشته است');
  const sara = await arrive({ at, path: `/r/elsewhere#token=${invitation('Sara', 60, ['general'])}` });
  await expect(sara.page.getByRole('alert')).toHaveText('This invitation is not for that room.');
});

test('an invitation leads in under its name, is not left in the address, and ends', async ({ arrive, serve }) => {
  const at = await serve('--auth-secret-file', SECRET_FILE);
  const asked: string[] = [];
  const mina = await arrive({ at, path: null });
  mina.page.on('request', (request) => asked.push(request.url()));
  const token = invitation('Mina', 3600);
  await mina.go(`/r/general#token=${token}`);
  await expect(mina.nameField).toHaveValue('Mina');
  await expect(mina.nameField).not.toBeEditable();
  expect(mina.page.url()).toBe(`${at.origin()}/r/general`);
  await mina.press('comeIn');
  await mina.isInside();
  const arash = await arrive({ at, path: `/r/general#token=${invitation('Arash', 8)}` });
  await expect(arash.nameField).toHaveValue('Arash');
  await arash.press('comeIn');
  await arash.isInside();
  await arash.say('Hello');
  await mina.hears('Hello');
  expect(asked.filter((url) => url.includes(token))).toEqual([]);
  await mina.page.reload();
  await mina.isInside();
  await expect(arash.page.locator('.banner')).toContainText('This invitation has run out. Ask for another link.', { timeout: 20_000 });
  await expect(arash.page.getByText('Hello', { exact: true }).first()).toBeVisible();
});

test('who is in when the server comes back and asks for invitations is told so, and keeps what it wrote', { tag: '@desktop' }, async ({ arrive, serve }) => {
  const at = await serve();
  const mina = await arrive({ at });
  await mina.openRoom('Mina');
  await at.kill();
  await mina.say('Hello');
  await at.again('--auth-secret-file', SECRET_FILE);
  await expect(mina.page.locator('.banner')).toContainText('You need an invitation link to enter here.', { timeout: 30_000 });
  await expect(mina.log.locator('li.msg.queued')).toHaveCount(1);
});

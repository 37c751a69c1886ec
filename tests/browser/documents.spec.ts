// The documents at /docs for people: to be read by everybody, on every screen, by keys, and without a script.
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Person } from './scene/index.ts';

const isSound = async (person: Person, what: string): Promise<void> => {
  const { violations } = await new AxeBuilder({ page: person.page }).setLegacyMode().options({ resultTypes: ['violations'] }).analyze();
  const faults = violations.flatMap(({ id, help, nodes }) => nodes.map(({ target, failureSummary }) => `${id} (${help}): ${target.join(' ')}: ${failureSummary ?? ''}`));
  expect.soft(faults, what).toEqual([]);
};

/** Nothing of it is wider than the screen. */
const fits = async (person: Person): Promise<void> => {
  expect(await person.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
};

for (const theme of ['light', 'dark'] as const) {
  test(`axe finds nothing, folded and unfolded (${theme})`, async ({ arrive }) => {
    const mina = await arrive({ path: '/docs', theme, context: { reducedMotion: 'reduce' } });
    await expect(mina.page.getByRole('heading', { level: 1, name: 'Ways into a room' })).toBeVisible();
    const ground = await mina.page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
    const lightness = Number(/oklch\(([\d.]+)/.exec(ground)?.[1]);
    expect(theme === 'light' ? lightness > .9 : lightness < .25, ground).toBe(true);
    await isSound(mina, 'folded');
    await fits(mina);
    await mina.page.evaluate(() => { for (const part of document.querySelectorAll('details')) part.open = true; });
    await isSound(mina, 'unfolded');
    await fits(mina);
  });
}

test('what a command takes and is answered with is found without a mouse', async ({ arrive }) => {
  const mina = await arrive({ path: '/docs', context: { reducedMotion: 'reduce' } });
  await mina.page.keyboard.press('Tab');
  await expect(mina.page.getByRole('link', { name: 'To the ways in' })).toBeFocused();
  const join = mina.page.locator('#JoinCommand');
  await join.locator('summary').focus();
  await expect(join.getByText('Where to go on.')).toBeHidden();
  await mina.page.keyboard.press('Enter');
  await expect(join.getByText('Where to go on.')).toBeVisible();
  await join.getByRole('link', { name: 'error' }).click();
  await expect(mina.page).toHaveURL(/#ErrorAnswer$/);
});

test('the documents for programs are one step away', async ({ arrive }) => {
  const mina = await arrive({ path: '/docs' });
  for (const [name, field] of [['asyncapi.json', 'asyncapi'], ['openapi.json', 'openapi']] as const) {
    const path = await mina.page.getByRole('link', { name, exact: true }).getAttribute('href');
    const answer = await mina.page.request.get(mina.origin + String(path));
    expect(answer.headers()['content-type']).toBe('application/json');
    expect(await answer.json()).toHaveProperty(field);
  }
});

test('the page of documents needs no script', async ({ arrive }) => {
  const mina = await arrive({ path: '/docs', context: { javaScriptEnabled: false } });
  await expect(mina.page.getByRole('heading', { name: 'charsu.v1 over WebSocket' }).first()).toBeVisible();
  await expect(mina.page.getByRole('row', { name: /rate_limited/ })).toBeVisible();
});

// Who wants to build on it finds what the server understands.
import { expect, test } from './scene/index.ts';

for (const [language, words] of [['en', 'Developers'], ['fa', 'برنامه\u200cنویسان']] as const) {
  test(`the front page leads to the documents of the interfaces: ${language}`, async ({ arrive, serve }) => {
    const at = await serve();
    const mina = await arrive({ at, language });
    await mina.page.getByRole('link', { name: words, exact: true }).click();
    await expect(mina.page).toHaveURL(`${at.origin()}/docs`);
    await expect(mina.page.getByRole('heading', { level: 1 })).toBeVisible();
    await expect(mina.page.getByRole('link', { name: 'openapi.json' }).first()).toBeVisible();
  });
}

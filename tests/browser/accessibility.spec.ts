// axe finds nothing: every page and dialog, in both themes and languages, on a phone and on a desktop.
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Person } from './scene/index.ts';

/** What axe has against what is on the screen now, in the light and in the dark. */
async function isSound(person: Person, what: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await person.page.emulateMedia({ colorScheme });
    await expect(person.page.locator('html')).toHaveAttribute('data-theme', colorScheme);
    await person.page.evaluate(async () => { await document.fonts.ready; });
    // The legacy mode is about pages within pages, of which there are none here: without it each look opens another page.
    const { violations } = await new AxeBuilder({ page: person.page }).setLegacyMode().options({ resultTypes: ['violations'] }).analyze();
    const faults = violations.flatMap(({ id, help, nodes }) => nodes.map(({ target, failureSummary }) => `${id} (${help}): ${target.join(' ')}: ${failureSummary ?? ''}`));
    expect.soft(faults, `${what}, ${colorScheme}`).toEqual([]);
  }
}

for (const language of ['en', 'fa'] as const) {
  const still = { language, context: { reducedMotion: 'reduce' as const } };

  test(`the ways in (${language})`, async ({ arrive }) => {
    const mina = await arrive(still);
    await expect(mina.page.locator('.wall svg')).toBeVisible();
    await isSound(mina, 'the lobby');
    await mina.codeField.fill('12');
    await mina.press('join');
    await expect(mina.page.getByRole('alert')).toBeVisible();
    await isSound(mina, 'the lobby with an error');
    await mina.press('howItWorks');
    await expect(mina.page.getByRole('dialog')).toBeVisible();
    await isSound(mina, 'how it works');
    await mina.go('/r/general');
    await expect(mina.button('comeIn')).toBeVisible();
    await isSound(mina, 'a link');
    await mina.go('/r/000000');
    await expect(mina.button('otherCode')).toBeVisible();
    await isSound(mina, 'no room');
  });

  test(`a room (${language})`, async ({ arrive, serve }) => {
    const at = await serve();
    const mina = await arrive({ ...still, at });
    const code = await mina.openRoom('Mina');
    await isSound(mina, 'an empty room');
    const arash = await arrive({ at });
    await arash.join(code, 'آرش');
    await arash.say('سلام! See https://example.org and `code`.');
    await arash.say('```\nlet x = 1;\n```');
    await arash.say('/msg Mina between us');
    await mina.hears('between us');
    await mina.say('/msg آرش yes');
    await mina.say('Hello');
    await mina.edit('Hello', 'Hello again');
    await arash.react('Hello again', '👍');
    await mina.press(mina.reaction('Hello again', '👍'));
    await expect(arash.reaction('Hello again', '👍')).toContainText(/2|۲/);
    await mina.say('/nonsense');
    await expect(mina.log.locator('li.msg.failed')).toBeVisible();
    const options = await mina.optionsOf('Hello again');
    await options.getByRole('textbox').fill('x');
    await expect(options.getByRole('alert')).toBeVisible();
    await isSound(mina, 'the options of a message');
    await mina.press(mina.button('edit', options));
    await isSound(mina, 'editing');
    await mina.press('cancel');
    await mina.press(mina.log.getByRole('button', { name: 'آرش' }).first());
    await expect(mina.page.getByRole('menu')).toBeVisible();
    await isSound(mina, 'the menu of a name');
    await mina.press(mina.page.getByRole('menuitem').first());
    await mina.composer.fill('a'.repeat(3_999));
    await expect(mina.page.locator('#limit')).not.toBeEmpty();
    await isSound(mina, 'a conversation, and writing to one person');
    await mina.composer.fill('');
    await mina.share();
    await isSound(mina, 'sharing');
    await mina.closeSheet();
    if (mina.phone) {
      await mina.people();
      await isSound(mina, 'the people');
      await mina.closeSheet();
    }
    await mina.rooms();
    if (mina.phone) await isSound(mina, 'the rooms');
    await mina.press('settings');
    await expect(mina.page.getByRole('dialog')).toBeVisible();
    await isSound(mina, 'the settings');
    await mina.closeSheet();
    if (mina.phone) await mina.goTo(code);
    await mina.press('privateStop');
    await arash.typesBefore(mina, language === 'fa' ? 'آرش می\u200cنویسد' : 'آرش is typing');
    await at.kill();
    await mina.say('Kept');
    await mina.react('سلام! See https://example.org and code.', '🎉');
    await mina.remove('Hello again');
    await expect(mina.log.getByText(mina.t('deleteWaiting'))).toBeVisible();
    await expect(mina.banner).toBeVisible();
    await expect(mina.log.locator('li.msg.queued').getByText(mina.t('waiting'))).toBeVisible();
    await isSound(mina, 'without a connection');
  });
}

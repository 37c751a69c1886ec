// axe finds nothing: every page and dialog, in both themes and languages, on a phone and on a desktop.
import AxeBuilder from '@axe-core/playwright';
import { expect, test, type Person } from './scene/index.ts';

/** What axe has against what is on the screen now. */
async function faults(person: Person): Promise<string[]> {
  await person.page.evaluate(async () => { await document.fonts.ready; });
  // The legacy mode is about pages within pages, of which there are none here: without it each look opens another page.
  const { violations } = await new AxeBuilder({ page: person.page }).setLegacyMode().options({ resultTypes: ['violations'] }).analyze();
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ target, failureSummary }) => `${id} (${help}): ${target.join(' ')}: ${failureSummary ?? ''}`));
}

for (const language of ['en', 'fa'] as const) {
  for (const theme of ['light', 'dark'] as const) {
    const still = { language, theme, context: { reducedMotion: 'reduce' as const } };

    test(`the ways in (${language}, ${theme})`, async ({ arrive }) => {
      const mina = await arrive(still);
      await expect(mina.page.locator('html')).toHaveAttribute('data-theme', theme);
      await expect(mina.page.locator('.wall svg')).toBeVisible();
      expect.soft(await faults(mina), 'the lobby').toEqual([]);
      await mina.codeField.fill('12');
      await mina.press('join');
      await expect(mina.page.getByRole('alert')).toBeVisible();
      expect.soft(await faults(mina), 'the lobby with an error').toEqual([]);
      await mina.press('howItWorks');
      await expect(mina.page.getByRole('dialog')).toBeVisible();
      expect.soft(await faults(mina), 'how it works').toEqual([]);
      await mina.go('/r/general');
      await expect(mina.button('comeIn')).toBeVisible();
      expect.soft(await faults(mina), 'a link').toEqual([]);
      await mina.go('/r/000000');
      await expect(mina.button('otherCode')).toBeVisible();
      expect.soft(await faults(mina), 'no room').toEqual([]);
    });

    test(`a room (${language}, ${theme})`, async ({ arrive, serve }) => {
      const at = await serve();
      const mina = await arrive({ ...still, at });
      const code = await mina.openRoom('Mina');
      expect.soft(await faults(mina), 'an empty room').toEqual([]);
      const arash = await arrive({ at });
      await arash.join(code, 'آرش');
      await arash.say('سلام! See https://example.org and `code`.');
      await arash.say('```\nlet x = 1;\n```');
      await arash.say('/msg Mina between us');
      await mina.hears('between us');
      await mina.say('/msg آرش yes');
      await mina.say('Hello');
      await mina.say('/nonsense');
      await expect(mina.log.locator('li.msg.failed')).toBeVisible();
      await mina.press(mina.log.getByRole('button', { name: 'آرش' }).first());
      await expect(mina.page.getByRole('menu')).toBeVisible();
      expect.soft(await faults(mina), 'the menu of a name').toEqual([]);
      await mina.press(mina.page.getByRole('menuitem').first());
      await mina.composer.fill('a'.repeat(3_999));
      await expect(mina.page.locator('#limit')).not.toBeEmpty();
      await mina.page.keyboard.press('Tab');
      expect.soft(await faults(mina), 'a conversation, and writing to one person').toEqual([]);
      await mina.composer.fill('');
      await mina.share();
      expect.soft(await faults(mina), 'sharing').toEqual([]);
      await mina.closeSheet();
      if (mina.phone) {
        await mina.people();
        expect.soft(await faults(mina), 'the people').toEqual([]);
        await mina.closeSheet();
      }
      await mina.rooms();
      if (mina.phone) expect.soft(await faults(mina), 'the rooms').toEqual([]);
      await mina.press('settings');
      await expect(mina.page.getByRole('dialog')).toBeVisible();
      expect.soft(await faults(mina), 'the settings').toEqual([]);
      await mina.closeSheet();
      if (mina.phone) await mina.goTo(code);
      await mina.press('privateStop');
      await arash.typesBefore(mina, language === 'fa' ? 'آرش می\u200cنویسد' : 'آرش is typing');
      await at.kill();
      await mina.say('Kept');
      await expect(mina.banner).toBeVisible();
      await expect(mina.log.locator('li.msg.queued').getByText(mina.t('waiting'))).toBeVisible();
      expect.soft(await faults(mina), 'without a connection').toEqual([]);
    });
  }
}

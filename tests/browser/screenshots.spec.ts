// Pictures to look at, not a test: written only where CHARSU_SCREENSHOTS names a folder.
//
//   CHARSU_SCREENSHOTS=/tmp/shots NODE_PATH=web/node_modules web/node_modules/.bin/playwright test -c tests/browser screenshots
import { resolve } from 'node:path';
import { expect, test, type Language, type Person } from './scene/index.ts';

const FOLDER = process.env['CHARSU_SCREENSHOTS'] ?? '';

/** Who says what; `me` is the one whose screen it is. */
const TALK: readonly (readonly [who: 'me' | 'arash' | 'niloofar' | 'jonas', text: string])[] = [
  ['arash', 'Good morning. Did the example run on your machine?'],
  ['niloofar', 'سلام! بله، ولی پس از `ping` کمی منتظر ماند.'],
  ['niloofar', 'فکر می\u200cکنم مهلتش کوتاه است.'],
  ['me', 'Then let us give it ten seconds. The tunnel is longer than that.'],
  ['jonas', 'Agreed. This is all that the server has to answer:'],
  ['jonas', '```\nHTTP/1.1 101 Switching Protocols\nUpgrade: websocket\nConnection: Upgrade\n```'],
  ['arash', 'عالی. یادداشت\u200cها را اینجا گذاشتم: https://example.org/notes'],
  ['me', 'ممنون! امشب می\u200cخوانم.'],
  ['jonas', '👏'],
];

const NAMES: Record<Language, { me: string; arash: string; niloofar: string; jonas: string }> = {
  en: { me: 'Darya', arash: 'Arash', niloofar: 'نیلوفر', jonas: 'Jonas Weber' },
  fa: { me: 'دریا', arash: 'آرش', niloofar: 'نیلوفر', jonas: 'Jonas Weber' },
};

for (const language of ['en', 'fa'] as const) {
  for (const theme of ['light', 'dark'] as const) {
    test(`${language} ${theme}`, async ({ arrive, serve }, { project }) => {
      test.slow();
      const at = await serve();
      const me = await arrive({ at, language, theme });
      const shoot = async (what: string) => {
        await me.page.evaluate(async () => { await document.fonts.ready; });
        await me.page.screenshot({ path: resolve(FOLDER, `${what}-${project.name}-${theme}-${language}.png`), animations: 'disabled', caret: 'initial' });
      };
      const names = NAMES[language];
      await me.nameField.fill(names.me);
      await me.codeField.pressSequentially('4082');
      await expect(me.page.locator('.wall svg')).toBeVisible();
      await shoot('lobby');
      await me.codeField.fill('');
      const code = await me.openRoom(names.me);
      await shoot('empty');
      const people: Record<string, Person> = { me };
      for (const who of ['arash', 'niloofar', 'jonas'] as const) {
        const person = await arrive({ at });
        await person.join(code, names[who]);
        people[who] = person;
      }
      for (const [who, text] of TALK) {
        const before = await me.log.locator('li.msg.sent').count();
        await people[who]?.say(text);
        await expect(me.log.locator('li.msg.sent')).toHaveCount(before + 1);
      }
      await me.edit('Then let us give it ten seconds. The tunnel is longer than that.', 'Then let us give it twelve seconds. The tunnel is longer than that.');
      await expect(me.log.locator('.edited')).toBeVisible();
      const given: readonly (readonly [who: string, text: string, emoji: string])[] = [
        ['arash', 'Then let us give it twelve seconds. The tunnel is longer than that.', '👍'],
        ['jonas', 'Then let us give it twelve seconds. The tunnel is longer than that.', '👍'],
        ['niloofar', 'Then let us give it twelve seconds. The tunnel is longer than that.', '🎉'],
        ['me', 'Agreed. This is all that the server has to answer:', '👍'],
        ['arash', '👏', '😂'],
      ];
      for (const [who, text, emoji] of given) await people[who]?.react(text, emoji);
      await expect(me.log.locator('.reaction:not(.pending)')).toHaveCount(4);
      await people['niloofar']?.edit('فکر می\u200cکنم مهلتش کوتاه است.', 'فکر می\u200cکنم مهلتش خیلی کوتاه است.');
      await people['arash']?.say(`/msg "${names.me}" coffee at four?`);
      await expect(me.line('coffee at four?')).toHaveCount(1);
      await me.say('/nap');
      await expect(me.log.locator('li.msg.failed')).toBeVisible();
      await people['niloofar']?.typesBefore(me, language === 'fa' ? 'نیلوفر می\u200cنویسد' : 'نیلوفر is typing');
      await shoot('room');
      await me.optionsOf('ممنون! امشب می\u200cخوانم.');
      await shoot('line');
      await me.page.keyboard.press('Escape');
      await me.press(me.button('delete', me.log.locator('li.msg.failed')));
      await me.composer.press('ArrowUp');
      await shoot('editing');
      await me.composer.press('Escape');
      await me.say('/nap');
      await expect(me.log.locator('li.msg.failed')).toBeVisible();
      await me.log.evaluate((log) => { log.scrollTop = 0; });
      await expect(me.button('toTheEnd')).toBeVisible();
      await me.reach('Then let us give it twelve seconds. The tunnel is longer than that.');
      await shoot('above');
      await me.share();
      await shoot('share');
      await me.closeSheet();
      await me.people();
      await shoot('people');
      await me.press((await me.people()).getByRole('button').first());
      await shoot('menu');
      await me.page.keyboard.press('Escape');
      await me.closeSheet();
      const second = await me.openAnother();
      await people['jonas']?.say('Are you coming back?');
      await expect((await me.rooms()).locator('.badge')).toBeVisible();
      await shoot('rooms');
      await me.press('settings');
      await shoot('settings');
      await me.closeSheet();
      await me.goTo(code);
      await shoot('unread');
      expect(second).not.toBe(code);
      await at.kill();
      await me.say('This waits');
      await expect(me.banner).toBeVisible();
      await shoot('offline');
      const guest = await arrive({ language, theme, path: '/r/general' });
      await guest.nameField.fill(names.arash);
      await guest.page.screenshot({ path: resolve(FOLDER, `link-${project.name}-${theme}-${language}.png`), animations: 'disabled' });
      await guest.go('/r/000000');
      await expect(guest.button('otherCode')).toBeVisible();
      await guest.page.screenshot({ path: resolve(FOLDER, `none-${project.name}-${theme}-${language}.png`), animations: 'disabled' });
    });
  }
}

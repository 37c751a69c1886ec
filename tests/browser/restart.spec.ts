// A server that stores what is said is killed, and nothing that was acknowledged is lost, doubled or reordered.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from './scene/index.ts';

test('the server is killed while two people type, and started again on its file: both pages come back by themselves, with every line once', async ({ arrive, serve }) => {
  const folder = mkdtempSync(join(tmpdir(), 'charsu-'));
  try {
    const at = await serve('--store', `sqlite:${join(folder, 'charsu.db')}`);
    const mina = await arrive({ at });
    const code = await mina.openRoom('Mina');
    const arash = await arrive({ at });
    await arash.join(code, 'Arash');
    await mina.say('Hallo');
    await mina.hasSent('Hallo');
    await mina.edit('Hallo', 'Hello');
    await arash.react('Hello', '👍');
    await expect(mina.reaction('Hello', '👍')).toBeVisible();
    const typed = { Mina: [] as string[], Arash: [] as string[] };
    const type = async (who: 'Mina' | 'Arash', count: number) => {
      for (let n = 0; n < count; n += 1) {
        const text = `${who} ${typed[who].length + 1}`;
        typed[who].push(text);
        await (who === 'Mina' ? mina : arash).say(text);
      }
    };

    // In the middle of it, and nobody is told.
    const typing = Promise.all([type('Mina', 12), type('Arash', 12)]);
    await arash.hears('Mina 3');
    await at.kill();
    await typing;
    await mina.react('Hello', '🎉');
    await at.again();

    for (const one of [mina, arash]) {
      await expect(one.banner).toHaveCount(0, { timeout: 30_000 });
      await expect(one.log.locator('li.msg.queued')).toHaveCount(0);
      await expect(one.log.locator('li.msg.sent')).toHaveCount(1 + 24);
      await expect(one.reaction('Hello', '🎉')).not.toHaveClass(/pending/);
    }
    const [minas, arashs] = [await mina.lines(), await arash.lines()];
    expect(arashs).toEqual(minas);
    for (const who of ['Mina', 'Arash'] as const) expect(minas.filter((text) => text.startsWith(who))).toEqual(typed[who]);
    // The same room, the same people: no gap, and nobody left or came.
    for (const one of [mina, arash]) {
      await expect(one.log.locator('li.gap')).toHaveCount(0);
      await expect(one.page.locator('.bar')).toContainText('2 people here');
      await expect(one.line('Hello').getByText('edited', { exact: true })).toBeVisible();
    }
    expect(await mina.sideOf('Mina 1')).toBe('end');

    // Who loads the page anew finds the same.
    await arash.page.reload();
    await arash.hears(minas.at(-1) ?? '');
    await expect(arash.log.locator('li.msg.sent')).toHaveCount(1 + 24);
    expect(await arash.lines()).toEqual(minas);
    await arash.say('Still here');
    // Mina has looked at the first line since, and is left there.
    await expect(mina.line('Still here')).toHaveCount(1);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

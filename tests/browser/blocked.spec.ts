// A network that lets no WebSocket through: the page takes part by requests, and goes back when it can.
import { expect, test, type Person } from './scene/index.ts';

/** Which ways to the server a page has opened, in order. */
function ways(person: Person): string[] {
  const opened: string[] = [];
  person.page.on('request', (request) => {
    if (new URL(request.url()).pathname === '/api/events') opened.push('events');
  });
  person.page.on('websocket', (socket) => socket.on('framereceived', () => {
    if (opened.at(-1) !== 'socket') opened.push('socket');
  }));
  return opened;
}

test.describe('WebSocket is blocked', { tag: '@desktop' }, () => {
  test('the page goes by requests, and by a socket as soon as one opens', async ({ arrive, lineTo, server }) => {
    const line = await lineTo(server);
    line.refuseWebSockets();
    const mina = await arrive({ by: line, path: null });
    const opened = ways(mina);
    await mina.go('/');
    const code = await mina.openRoom('Mina');
    const arash = await arrive({ at: server });
    await arash.join(code, 'Arash');
    expect(opened).toEqual(['events']);
    await mina.say('By requests');
    await arash.hears('By requests');
    await arash.say('I hear you');
    await mina.hears('I hear you');
    for (let number = 1; number <= 5; number += 1) await mina.say(`Mina ${number}`);
    await arash.hears('Mina 5');

    line.letWebSockets();
    await expect.poll(() => opened.at(-1), { timeout: 60_000 }).toBe('socket');
    await expect(mina.banner).toHaveCount(0, { timeout: 30_000 });
    await mina.say('By a socket');
    await arash.hears('By a socket');
    await arash.say('Still here');
    await mina.hears('Still here');
    const said = ['By requests', 'I hear you', 'Mina 1', 'Mina 2', 'Mina 3', 'Mina 4', 'Mina 5', 'By a socket', 'Still here'];
    expect(await mina.lines()).toEqual(said);
    expect(await arash.lines()).toEqual(said);
    await expect(arash.log.getByText('left')).toHaveCount(0);
  });

  test('a socket that is cut and refused is replaced by requests, and nothing is lost or doubled', async ({ arrive, lineTo, server }) => {
    const line = await lineTo(server);
    const mina = await arrive({ by: line, path: null });
    const opened = ways(mina);
    await mina.go('/');
    const code = await mina.openRoom('Mina');
    const arash = await arrive({ at: server });
    await arash.join(code, 'Arash');
    await mina.say('Before');
    await arash.hears('Before');
    expect(opened).toEqual(['socket']);
    line.refuseWebSockets();
    await mina.say('While it is cut');
    await arash.say('Do you hear me?');
    await arash.hears('While it is cut');
    await mina.hears('Do you hear me?');
    expect(opened.at(-1)).toBe('events');
    await mina.say('After');
    await arash.hears('After');
    const lines = await mina.lines();
    expect(lines).toEqual(await arash.lines());
    expect([...lines].sort()).toEqual(['After', 'Before', 'Do you hear me?', 'While it is cut']);
  });
});

// The server speaks TLS itself: the page comes over https, and its socket is wss.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from './scene/index.ts';

test('two people talk over https, before and after the server was killed', { tag: '@desktop' }, async ({ arrive, serve }) => {
  const folder = mkdtempSync(join(tmpdir(), 'charsu-'));
  try {
    const [cert, key] = ['cert.pem', 'key.pem'].map((name) => join(folder, name)) as [string, string];
    execFileSync('openssl', [
      'req', '-x509', '-nodes', '-days', '2', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-keyout', key, '-out', cert,
      '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1',
    ], { stdio: 'pipe' });
    const at = await serve('--tls-cert', cert, '--tls-key', key, '--store', `sqlite:${join(folder, 'charsu.db')}`);
    expect(at.origin()).toMatch(/^https:/);
    const context = { ignoreHTTPSErrors: true };
    const mina = await arrive({ at, context });
    const sockets: string[] = [];
    mina.page.on('websocket', (socket) => sockets.push(socket.url()));
    const code = await mina.openRoom('Mina');
    const arash = await arrive({ at, context });
    await arash.join(code, 'Arash');
    await mina.say('Hello');
    await arash.hears('Hello');
    await arash.say('Hello, Mina');
    await mina.hears('Hello, Mina');
    expect(await mina.page.evaluate(() => isSecureContext)).toBe(true);

    await at.kill();
    await mina.say('meanwhile');
    await at.again();
    await arash.hears('meanwhile');
    expect(sockets.length).toBeGreaterThan(0);
    expect(sockets.every((url) => url === `${at.origin().replace('https', 'wss')}/ws`)).toBe(true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

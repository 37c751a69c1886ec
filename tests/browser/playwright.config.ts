// Charsu's page in a real browser, against the real server.
//
//   NODE_PATH=web/node_modules web/node_modules/.bin/playwright test -c tests/browser
//
// CHARSU names the server's binary (default: the debug build, else the release build) and CHROMIUM the browser (default:
// /usr/bin/chromium). Nothing is downloaded: every name but the loopback's own leads nowhere.
import { resolve } from 'node:path';
import { defineConfig } from '@playwright/test';
import { LAN_HOSTS } from './scene/hosts.ts';

/**
 * What a window of Chromium has beside the page, and plain http is not to be made https. The two pages under the address bar alone
 * cost each window as much processor time as our own page.
 */
const NEEDLESS = [
  'WebUIOmniboxPopup', 'WebUIOmniboxAimPopup', 'AimEnabled', 'LensOverlay', 'MediaRouter', 'OptimizationHints', 'NetworkTimeServiceQuerying',
  'PreconnectToSearch', 'Translate', 'PaintHolding', 'ThirdPartyStoragePartitioning', 'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose', 'HttpsUpgrades', 'HttpsFirstBalancedModeAutoEnable',
];

export default defineConfig({
  testDir: __dirname,
  testIgnore: process.env['CHARSU_SCREENSHOTS'] === undefined ? '**/screenshots.spec.ts' : [],
  outputDir: resolve(__dirname, '../../test-results'),
  fullyParallel: true,
  forbidOnly: process.env['CI'] !== undefined,
  workers: 2,
  reporter: 'list',
  // A busy machine is slow, not wrong: what fails once and then passes is listed as flaky.
  retries: process.env['CI'] === undefined ? 0 : 2,
  timeout: 150_000,
  expect: { timeout: 20_000 },
  use: {
    browserName: 'chromium',
    // Without a film: on two cores it takes longer than what it films. The snapshots of the DOM tell the same.
    trace: { mode: 'retain-on-failure', screenshots: false, snapshots: true, sources: false },
    actionTimeout: 20_000,
    launchOptions: {
      executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
      args: [
        '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync', `--disable-features=${NEEDLESS.join(',')}`,
        `--host-resolver-rules=${LAN_HOSTS.map((host) => `MAP ${host} 127.0.0.1`).join(', ')}, MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1`,
      ],
    },
  },
  projects: [
    { name: 'desktop', grepInvert: /@phone/, use: { viewport: { width: 1440, height: 900 } } },
    // What has nothing to do with the size of a screen or with fingers is not tried twice.
    { name: 'phone', grepInvert: /@desktop/, use: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, contextOptions: { reducedMotion: 'reduce' } } },
  ],
});

import { test } from './page.ts';
import { id } from './recorded.ts';
import { startingState } from './recorded-machine.ts';

/** Writes docs/screenshots: every screen as the recorded host shows it, in both languages and themes. */

const container = `/containers/${id('web')}`;
const image = '/images/storefront-web%3Adev';
const screens: [name: string, path: string][] = [
  ['containers', '/containers'],
  ['logs', `${container}/logs`],
  ['why-it-stopped', `/containers/${id('migrate')}`],
  ['stats', `${container}/stats?full=1`],
  ['inspect', `${container}/inspect`],
  ['run', '/containers?run=nginx:1.31'],
  ['images', '/images'],
  ['layers', `${image}/layers`],
  ['image', `${image}/overview`],
  ['machine', '/machine'],
];

for (const [theme, language] of [
  ['light', 'en'],
  ['dark', 'en'],
  ['light', 'zh-CN'],
  ['dark', 'zh-CN'],
] as const)
  test(`screens, ${theme}, ${language}`, async ({ open, host, page }) => {
    host.settings = { ...host.settings, theme, language };
    const write = async (name: string) => {
      await page.locator('main [aria-busy=true]').waitFor({ state: 'detached' });
      await page.evaluate(() => document.fonts.ready);
      const path = `docs/screenshots/screens/${name}-${theme}-${language}.png`;
      // The last parts come in one after the other; two equal pictures are a finished one, unless a clock goes.
      let before: Buffer | undefined;
      for (let look = 0; look < 8; look++) {
        const now = await page.screenshot({ path, animations: 'disabled' });
        if (before && now.equals(before)) break;
        before = now;
      }
    };
    for (const [name, path] of screens) {
      await open(path);
      await page.locator('main h1').first().waitFor({ state: 'attached' });
      await write(name);
    }
    host.setState(startingState());
    await open('/machine');
    await write('machine-starting');
  });

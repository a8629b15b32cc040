import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { expect, test } from './page.ts';
import { id } from './recorded.ts';
import { problemState, runningState, startingState } from './recorded-machine.ts';

/** Every screen, in both themes and languages, without anything that axe finds wrong. */

const container = `/containers/${id('web')}`;
const image = '/images/storefront-web%3Adev';
const paths = [
  '/containers',
  '/containers?q=nothing-like-it',
  ...['logs', 'terminal', 'stats', 'inspect', 'layers'].map((tab) => `${container}/${tab}`),
  `/containers/${id('migrate')}`,
  `/containers/${id('migrate')}/logs`,
  '/containers?run=nginx:1.31',
  '/images',
  ...['overview', 'layers', 'config', 'history'].map((tab) => `${image}/${tab}`),
  '/machine',
];

async function check(page: Page, name: string, overlay = false): Promise<string[]> {
  // A colour half way through its change has the contrast of neither.
  await page.evaluate(() => {
    const ending = document
      .getAnimations()
      .filter(({ effect }) => Number.isFinite(effect?.getComputedTiming().iterations));
    return Promise.all(ending.map((animation) => animation.finished));
  });
  const axe = new AxeBuilder({ page }).exclude('.xterm');
  // A menu stands outside the landmarks; it is reached from its button.
  if (overlay) axe.disableRules('region');
  const { violations } = await axe.analyze();
  return violations.flatMap(({ id: rule, nodes }) =>
    nodes.map((node) => `${name}: ${rule} ${node.target.join(' ')} ${node.failureSummary ?? ''}`),
  );
}

for (const theme of ['light', 'dark'])
  for (const language of ['en', 'zh-CN'])
    test(`axe finds nothing wrong, ${theme}, ${language}`, async ({ open, host, page }) => {
      test.setTimeout(240_000);
      host.settings = { ...host.settings, theme, language };
      const found: string[] = [];
      for (const path of paths) {
        await open(path);
        await expect(page.locator('html')).toHaveAttribute('data-theme', theme);
        await expect(page.locator('html')).toHaveAttribute('lang', language);
        await expect(page.locator('main h1:visible')).not.toHaveCount(0);
        await expect(page.locator('main [aria-busy=true]')).toHaveCount(0);
        found.push(...(await check(page, path)));
      }
      for (const state of [startingState(), problemState('kernel-panic'), runningState()]) {
        host.setState(state);
        await expect(page.getByRole('main').getByRole('heading', { level: 1 })).toBeVisible();
        found.push(...(await check(page, state.machine.phase)));
      }
      for (const button of await page.getByRole('banner').locator('[aria-haspopup]').all()) {
        await button.click();
        await expect(page.locator('[role=menu],[role=dialog]')).toBeVisible();
        found.push(...(await check(page, 'opened from the title bar', true)));
        await page.keyboard.press('Escape');
        await expect(page.locator('[role=menu],[role=dialog]')).toHaveCount(0);
      }
      expect(found).toEqual([]);
    });

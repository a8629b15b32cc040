import { expect, row, test } from './page.ts';
import { id } from './recorded.ts';

/** The smallest window: nothing is cut off, nothing overlaps, everything can be reached. */
test.use({ viewport: { width: 960, height: 600 } });

const container = `/containers/${id('web')}`;
const paths = [
  '/containers',
  ...['logs', 'terminal', 'stats', 'inspect', 'layers'].map((tab) => `${container}/${tab}`),
  `/containers/${id('migrate')}`,
  '/images',
  ...['overview', 'layers', 'config', 'history'].map((tab) => `/images/storefront-web%3Adev/${tab}`),
  '/machine',
];

for (const language of ['en', 'zh-CN'])
  test(`at 960 px no screen is wider than the window and no control is cut off, ${language}`, async ({
    open,
    host,
    page,
  }) => {
    host.settings = { ...host.settings, language };
    for (const path of paths) {
      await open(path);
      await expect(page.locator('html')).toHaveAttribute('lang', language);
      await expect(page.getByRole('main').getByRole('heading', { level: 1 })).toBeVisible();
      const cut = await page.evaluate(() => {
        const { clientWidth, scrollWidth } = document.documentElement;
        const outside = [
          ...document.querySelectorAll<HTMLElement>('button, a[href], input, select, h1'),
        ].filter((element) => {
          const { left, right, width } = element.getBoundingClientRect();
          return width > 0 && element.checkVisibility() && (left < 0 || right > clientWidth + 0.5);
        });
        return [
          ...(scrollWidth > clientWidth ? ['the window scrolls sideways'] : []),
          ...outside.map((element) => element.outerHTML.slice(0, 160)),
        ];
      });
      expect(cut, path).toEqual([]);
    }
  });

test('the rail shows icons, the detail takes the list’s place and gives it back', async ({ open }) => {
  const page = await open();
  await expect(page.getByRole('navigation').getByRole('link', { name: 'Images' })).toBeVisible();
  expect((await page.getByRole('navigation').boundingBox())?.width).toBeLessThanOrEqual(56);
  await row(page, 'registry').click();
  await expect(page.getByRole('heading', { name: 'registry', level: 1 })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Containers', level: 1 })).toBeHidden();
  await page.getByRole('button', { name: 'Close detail' }).click();
  await expect(page.getByRole('heading', { name: 'Containers', level: 1 })).toBeVisible();
  await expect(row(page, 'registry')).toBeVisible();
});

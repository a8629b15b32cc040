import { expect, expectRequest, row, test } from './page.ts';
import { id } from './recorded.ts';

test('a whole run by keyboard alone: filter, open, log, terminal, run, stop, remove', async ({
  open,
  host,
}) => {
  const page = await open();
  await expect(row(page, 'web')).toBeVisible();
  await page.keyboard.press('/');
  await page.keyboard.type('storefront');
  await expect(row(page, 'grafana')).toHaveCount(0);
  await page.keyboard.press('ArrowDown');
  // Type-ahead goes to the row that begins so.
  await page.keyboard.type('we');
  await expect(row(page, 'web')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { name: 'web', level: 1 })).toBeVisible();
  await expect(row(page, 'web')).toBeFocused();
  await page.keyboard.press('F6');
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(/\/containers\?q=storefront$|\/containers$/);

  await page.keyboard.press('Control+k');
  await expect(page.getByRole('combobox')).toBeFocused();
  await page.keyboard.type('run a container');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Run a container' });
  await expect(dialog.getByRole('combobox', { name: /Image/ })).toBeFocused();
  await page.keyboard.type('nginx:1.31');
  await page.keyboard.press('Tab');
  await expect(dialog.getByText('on this machine')).toBeVisible();
  await page.keyboard.press('Control+Enter');
  await expect(page).toHaveURL(/\/containers\/\w+\/logs/);
  await expectRequest(host, 'POST /engine/containers/create');
});

test('rows are selected, stopped and removed from the keyboard, and focus is never lost', async ({
  open,
  host,
}) => {
  const page = await open();
  await row(page, 'api').click();
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(/\/containers$/);
  await expect(row(page, 'api')).toBeFocused();
  await page.keyboard.press('Space');
  await expectRequest(host, `POST /engine/containers/${id('api')}/stop`);
  await expect(row(page, 'api')).toContainText('Exited (0)');
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Shift+ArrowDown');
  await expect(page.getByRole('region', { name: 'Selected containers' })).toContainText('3 selected');
  await page.keyboard.press('Delete');
  const dialog = page.getByRole('alertdialog');
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('region', { name: 'Selected containers' })).toHaveCount(0);
  await page.keyboard.press('End');
  await expect(row(page, 'scratch-ubuntu')).toBeFocused();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowLeft');
  await expect(page.getByRole('row').filter({ hasText: 'observability' })).toHaveAttribute(
    'aria-expanded',
    'false',
  );
});

test('places, help, the dock and the regions of the window have their keys', async ({ open }) => {
  const page = await open();
  await expect(row(page, 'web')).toBeVisible();
  for (const [key, heading] of [
    ['Control+2', 'Images'],
    ['Control+3', 'Machine'],
    ['Control+1', 'Containers'],
    ['Control+[', 'Machine'],
    ['Control+]', 'Containers'],
  ] as const) {
    await page.keyboard.press(key);
    await expect(page.getByRole('heading', { name: heading, level: 1 })).toBeVisible();
  }
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+`');
  await expect(page.getByRole('complementary', { name: 'Terminals and logs' })).toBeVisible();
  const regions = new Set<string>();
  for (let step = 0; step < 5; step++) {
    await page.keyboard.press('F6');
    regions.add(
      await page.evaluate(
        () => document.activeElement?.closest('[data-region]')?.tagName.toLowerCase() ?? '',
      ),
    );
  }
  expect([...regions].sort()).toEqual(['aside', 'header', 'main', 'nav']);
});

test('tab order starts with the skip link, and a menu works by arrows', async ({ open }) => {
  const page = await open();
  await expect(row(page, 'web')).toBeVisible();
  await page.keyboard.press('Tab');
  await expect(page.getByRole('link', { name: 'Skip to content' })).toBeFocused();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'View' }).focus();
  await page.keyboard.press('ArrowDown');
  await expect(page.getByRole('menu')).toBeVisible();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menu')).toHaveCount(0);
  await expect(page.getByRole('button', { name: 'View' })).toBeFocused();
});

test('no shortcut fires while Chinese is being composed', async ({ open }) => {
  const page = await open();
  await expect(row(page, 'web')).toBeVisible();
  await page.evaluate(() =>
    window.dispatchEvent(new KeyboardEvent('keydown', { key: '?', isComposing: true, bubbles: true })),
  );
  await page.keyboard.press('F6');
  await expect(page.getByRole('dialog')).toHaveCount(0);
});

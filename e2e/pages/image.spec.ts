import { readFile } from 'node:fs/promises';
import { expect, expectRequest, test } from './page.ts';

const layersPath = '/images/storefront-web%3Adev/layers';

test('an image tells what it is, who uses it, and gets another name', async ({ open, host }) => {
  const page = await open('/images/storefront-web%3Adev/overview');
  await expect(page.getByRole('heading', { name: 'storefront-web' })).toBeVisible();
  await expect(page.getByText('linux/amd64').first()).toBeVisible();
  await expect(page.getByRole('main').getByRole('link', { name: 'web' }).first()).toBeVisible();
  await page.getByRole('button', { name: 'Add a tag' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add a tag' });
  await dialog.getByRole('textbox', { name: 'New name' }).fill('team/shop:1.2');
  await dialog.getByRole('button', { name: 'Add' }).click();
  await expect(page.getByText('team/shop:1.2').first()).toBeVisible();
  await page.getByRole('button', { name: 'Take away the name team/shop:1.2' }).click();
  await expectRequest(host, 'DELETE /engine/images/team/shop%3A1.2');
  await expect(page.getByRole('button', { name: 'Take away the name team/shop:1.2' })).toHaveCount(0);
});

test('the explorer: what is chosen in one pane is chosen in all', async ({ open }) => {
  const page = await open(layersPath);
  const layer = (number: number) => page.getByRole('option').nth(number - 1);
  await expect(layer(6)).toHaveAttribute('aria-selected', 'true');
  await expect(page.getByRole('button', { name: /^Layer 6,/ })).toHaveAttribute('aria-pressed', 'true');
  await page.getByRole('button', { name: /^Layer 3,/ }).click();
  await expect(layer(3)).toHaveAttribute('aria-selected', 'true');
  await expect(page.getByRole('treegrid', { name: 'Files of layer 3' })).toBeVisible();
  await layer(3).press('ArrowDown');
  await expect(layer(4)).toBeFocused();
  await expect(page.getByText('This layer holds no files.')).toBeVisible();
  const wasted = page.getByRole('region', { name: 'Wasted space' });
  await expect(wasted).toContainText('182 MB');
  await wasted.getByRole('button', { name: /\.git/ }).click();
  await expect(layer(7)).toHaveAttribute('aria-selected', 'true');
  const tree = page.getByRole('treegrid', { name: 'Files of layer 7' });
  await expect(tree.getByRole('row').filter({ hasText: '.git' })).toHaveAttribute('aria-selected', 'true');
  await expect(tree.getByText('hidden by 9').first()).toBeVisible();
});

test('the explorer: marks, order, the whole file system up to a layer', async ({ open }) => {
  const page = await open(`${layersPath}?layer=6`);
  const tree = page.getByRole('treegrid', { name: 'Files of layer 6' });
  await expect(tree.getByText('app', { exact: true })).toBeVisible();
  await tree.getByText('app', { exact: true }).click();
  await page.keyboard.press('ArrowRight');
  await expect(tree.getByText('node_modules', { exact: true })).toBeVisible();
  await tree.getByText('node_modules', { exact: true }).click();
  await page.keyboard.press('ArrowRight');
  await expect(tree.getByText('typescript', { exact: true })).toBeVisible();
  await expect(tree.getByText(/more items/)).toBeVisible();
  await page.getByRole('main').getByRole('button', { name: 'Changed', exact: true }).click();
  await expect(tree.getByText('package-lock.json')).toHaveCount(0);
  await page.getByRole('button', { name: 'Largest first' }).last().click();
  await page.getByRole('menuitemradio', { name: 'By name' }).click();
  await expect(tree.getByRole('row').nth(1)).toContainText('app');
  await page.getByRole('button', { name: 'Up to layer 6' }).click();
  const merged = page.getByRole('treegrid', { name: 'Files up to layer 6' });
  await expect(merged.getByText('layer 6').first()).toBeVisible();
  await merged.getByText('app', { exact: true }).click();
  await page.keyboard.press('End');
  await expect(merged.getByText('var', { exact: true })).toBeVisible();
});

test('the explorer: finds paths, previews and saves a file', async ({ open }) => {
  const page = await open(`${layersPath}?layer=5`);
  await page.getByRole('textbox', { name: 'Find a path' }).fill('*.json');
  await expect(page.getByText('2 paths')).toBeVisible();
  const found = page.getByRole('treegrid', { name: 'Find a path' });
  await found.getByRole('row').filter({ hasText: '/app/package-lock.json' }).click();
  await page.keyboard.press('Space');
  const preview = page.getByRole('region', { name: /Preview of .*package-lock.json/ });
  await expect(preview.getByText('worker_processes auto;')).toBeVisible();
  await expect(preview.getByText('mode 0644')).toBeVisible();
  const download = page.waitForEvent('download');
  await preview.getByRole('button', { name: 'Save' }).click();
  expect(await readFile(await (await download).path(), 'utf8')).toContain('user nginx;');
  await preview.getByRole('button', { name: 'Close' }).click();
  await page.getByRole('textbox', { name: 'Find a path' }).fill('>100MB');
  await expect(page.getByText('No path matches.')).toBeVisible();
});

test('configuration and history; a step leads to its files', async ({ open }) => {
  const page = await open('/images/storefront-web%3Adev/config');
  await expect(
    page.getByText('nginx -g "daemon off;"').or(page.getByText('daemon off;')).first(),
  ).toBeVisible();
  await page.getByRole('tab', { name: 'History' }).click();
  await expect(page.getByRole('cell', { name: /npm ci/ })).toBeVisible();
  await page.getByRole('link', { name: 'Show the files of layer 6' }).click();
  await expect(page).toHaveURL(/layers\?layer=6/);
});

test('an image that is not here can be pulled from its page', async ({ open, host }) => {
  const page = await open('/images/redis%3A8/layers');
  await expect(page.getByText('There is no image “redis:8” here.')).toBeVisible();
  await page.getByRole('button', { name: 'Pull it' }).click();
  await expectRequest(host, 'STREAM POST /images/create?fromImage=redis&tag=8');
});

test('removing an image that is used is explained', async ({ open }) => {
  const page = await open('/images/storefront-web%3Adev/overview');
  await page.getByRole('button', { name: 'More actions for storefront-web' }).click();
  await page.getByRole('menuitem', { name: 'Remove…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Remove storefront-web?' });
  await expect(dialog.getByText('Used by web. Remove these containers first.')).toBeVisible();
});

import type { Page } from '@playwright/test';
import { expect, expectRequest, row, test } from './page.ts';

async function pull(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Pull', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Pull an image' });
  await dialog.getByRole('textbox', { name: 'Image' }).fill(name);
  await dialog.getByRole('button', { name: 'Pull' }).click();
}

test('images show size, what only they have, who uses them, and the disk they take', async ({ open }) => {
  const page = await open('/images');
  await expect(row(page, 'storefront-web')).toContainText('dev');
  await expect(row(page, 'storefront-api')).toContainText('3 containers');
  await expect(row(page, 'debian')).toContainText('not used');
  await expect(page.getByRole('img', { name: /on disk: .* reclaimable/ })).toBeVisible();
  await page.getByRole('button', { name: 'Show what uses storefront-api' }).click();
  const panel = page.getByRole('row').filter({ hasText: 'Used by' }).last();
  await expect(panel.getByRole('link', { name: 'worker' })).toBeVisible();
  await expect(panel).toContainText('only here');
});

test('filter, chips and order', async ({ open }) => {
  const page = await open('/images');
  await page.getByRole('textbox', { name: 'Filter' }).fill('grafana');
  await expect(row(page, 'grafana/grafana')).toBeVisible();
  await expect(row(page, 'nginx')).toHaveCount(0);
  await page.getByRole('textbox', { name: 'Filter' }).fill('');
  await page.getByRole('button', { name: 'Not used 1' }).click();
  await expect(row(page, 'debian')).toBeVisible();
  await expect(row(page, 'nginx')).toHaveCount(0);
  await page.getByRole('button', { name: /^All/ }).click();
  await page.getByRole('button', { name: 'Used first' }).click();
  await page.getByRole('menuitemradio', { name: 'Largest first' }).click();
  await expect(page.getByRole('row').nth(1)).toContainText('opensearch');
});

test('a pull shows each layer, can be left running, and ends in an image', async ({ open, host }) => {
  let release = () => {};
  host.engine.pullHeld = new Promise((resolve) => {
    release = resolve;
  });
  const page = await open('/images');
  await pull(page, 'redis:8');
  const sheet = page.getByRole('region', { name: 'Pulling redis:8' });
  await expect(sheet.getByText('Downloading')).toHaveCount(3);
  await expect(sheet.getByText('Already here').last()).toBeVisible();
  await expect(sheet.getByRole('progressbar').first()).toHaveAttribute('aria-valuenow', /[1-9]\d?/);
  await expect(sheet.getByText('docker pull redis:8')).toBeVisible();
  await sheet.getByRole('button', { name: 'Close; the pull goes on' }).click();
  await expect(sheet).toHaveCount(0);
  release();
  await expect(row(page, 'redis')).toBeVisible();
  await expectRequest(host, 'STREAM POST /images/create?fromImage=redis&tag=8');
});

test('a pull that is done leads to its layers and to running it', async ({ open }) => {
  const page = await open('/images');
  await pull(page, 'redis:8');
  const sheet = page.getByRole('region', { name: 'Pulling redis:8' });
  await expect(sheet.getByRole('heading', { name: 'Pulled redis:8' })).toBeVisible();
  await expect(sheet.getByText('Done')).toHaveCount(3);
  await sheet.getByRole('button', { name: 'Run' }).click();
  await expect(page.getByRole('dialog', { name: 'Run a container' })).toBeVisible();
  await page.goBack();
  await page.getByRole('button', { name: 'Look into it' }).click();
  await expect(page).toHaveURL(/\/images\/redis%3A8\/layers/);
});

test('a pull is cancelled and started again', async ({ open, host }) => {
  host.engine.pullHeld = new Promise(() => {});
  const page = await open('/images');
  await pull(page, 'redis:8');
  const sheet = page.getByRole('region', { name: 'Pulling redis:8' });
  await expect(sheet.getByText('Downloading')).toHaveCount(3);
  await sheet.getByRole('button', { name: 'Cancel pull' }).click();
  await expect(sheet.getByRole('heading', { name: 'Pull of redis:8 cancelled' })).toBeVisible();
  host.engine.pullHeld = undefined;
  await sheet.getByRole('button', { name: 'Try again' }).click();
  await expect(sheet.getByRole('heading', { name: 'Pulled redis:8' })).toBeVisible();
});

test('a refused pull says why and what to do', async ({ open, host }) => {
  host.engine.refusals.set('POST /images/create', {
    status: 404,
    body: {
      message: 'manifest for redis:none not found: manifest unknown',
      berth: { code: 'registry-not-found', params: { reference: 'redis:none' } },
    },
  });
  const page = await open('/images');
  await pull(page, 'redis:none');
  const sheet = page.getByRole('region', { name: 'Pulling redis:none' });
  await expect(sheet.getByText('The registry has no such image. Check name and tag.')).toBeVisible();
  await sheet.getByRole('button', { name: 'Technical details' }).click();
  await expect(sheet.getByText('manifest unknown')).toBeVisible();
  host.engine.refusals.clear();
  await sheet.getByRole('button', { name: 'Try again' }).click();
  await expect(sheet.getByRole('heading', { name: 'Pulled redis:none' })).toBeVisible();
});

test('a name that is none is refused before the registry is asked', async ({ open, host }) => {
  const page = await open('/images');
  await pull(page, 'Not An Image');
  await expect(page.getByText('Write the image as name or name:tag, in lower case.')).toBeVisible();
  expect(host.requests.some((request) => request.includes('/images/create'))).toBe(false);
});

test('removing lists what goes; an image in use names its containers', async ({ open, host }) => {
  const page = await open('/images');
  await row(page, 'storefront-api').click();
  await page.keyboard.press('Delete');
  const used = page.getByRole('dialog', { name: 'Remove storefront-api?' });
  await expect(used.getByText(/Used by .*worker/)).toBeVisible();
  await used.getByRole('button', { name: 'Cancel' }).click();
  await row(page, 'debian').click();
  await page.keyboard.press('Delete');
  const dialog = page.getByRole('dialog', { name: 'Remove debian?' });
  await expect(dialog.getByText('debian:trixie-slim')).toBeVisible();
  await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
  await expect(row(page, 'debian')).toHaveCount(0);
  await expectRequest(host, /DELETE \/engine\/images\//);
});

test('cleaning up lists exactly what goes', async ({ open, host }) => {
  host.engine.containers = host.engine.containers.filter(({ Image }) => Image !== 'mysql:9');
  const page = await open('/images');
  await expect(row(page, 'mysql')).toContainText('not used');
  await page.getByRole('button', { name: 'Clean up…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Clean up images' });
  await expect(dialog.getByRole('listitem')).toHaveCount(2);
  await expect(dialog.getByRole('listitem').filter({ hasText: 'mysql:9' })).toContainText('861 MB');
  await expect(dialog.getByText('861 MB come back.')).toBeVisible();
  await dialog.getByRole('button', { name: 'Untagged only' }).click();
  await expect(dialog.getByText('There is nothing to clean up.')).toBeVisible();
  await dialog.getByRole('button', { name: 'All that no container uses' }).click();
  await dialog.getByRole('button', { name: 'Remove 2 images' }).click();
  await expect(row(page, 'mysql')).toHaveCount(0);
  await expect(row(page, 'debian')).toHaveCount(0);
  await expect(row(page, 'nginx')).toBeVisible();
});

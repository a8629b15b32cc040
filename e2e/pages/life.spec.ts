import type { Page } from '@playwright/test';
import { expect, expectRequest, row, test } from './page.ts';
import { id } from './recorded.ts';

const stats = (page: Page) => page.getByRole('region', { name: 'What the container uses' });

test('a container that failed opens with why it stopped, and what can be done', async ({ open, host }) => {
  const page = await open(`/containers/${id('migrate')}`);
  const ending = page.getByRole('region', { name: 'Why migrate stopped' });
  await expect(ending.getByRole('heading', { name: 'Killed: out of memory' })).toBeVisible();
  await expect(ending).toContainText('The kernel ended it with SIGKILL, exit code 137.');
  await expect(ending.getByRole('region', { name: 'Memory' })).toContainText('peak 512 MB of 512 MB');
  await expect(ending.getByRole('region', { name: 'Last lines' })).toContainText('heap 509 of 512 MB');
  await expect(ending.getByRole('region', { name: 'Health' })).toContainText('5 checks failed in a row');
  await expect(ending.getByRole('region', { name: 'Runs' }).getByRole('listitem')).toHaveCount(3);
  await expect(ending.getByRole('region', { name: 'Likely cause' })).toContainText('Give it more');
  await ending.getByRole('button', { name: 'Start with 1 GB' }).click();
  await expectRequest(host, `POST /engine/containers/${id('migrate')}/update`);
  await expectRequest(host, `POST /engine/containers/${id('migrate')}/start`);
  expect(host.engine.updated).toEqual({ Memory: 1024 ** 3, MemorySwap: 2 * 1024 ** 3 });
  await expect(page.getByRole('tab', { name: 'Why it stopped' })).toHaveCount(0);
});

test('a container that finished says so in its tab, and opens with its log', async ({ open }) => {
  const page = await open(`/containers/${id('old-mysql')}`);
  await expect(page.getByRole('tab', { name: 'Logs' })).toHaveAttribute('aria-selected', 'true');
  await page.getByRole('tab', { name: 'Why it stopped' }).click();
  await expect(page.getByRole('heading', { name: 'It finished its work' })).toBeVisible();
});

test('what a container uses is drawn, told in a table, and stands beside its processes', async ({
  open,
  host,
}) => {
  const page = await open(`/containers/${id('web')}/stats`);
  await expect(stats(page).getByRole('img')).toHaveCount(4);
  await expect(
    stats(page).getByRole('img', { name: /^CPU over the last minutes, now \d+%\.$/ }),
  ).toBeVisible();
  await expect(stats(page).getByRole('region', { name: 'Network' })).toContainText(/kB\/s in/);
  const processes = stats(page).getByRole('table', { name: 'Processes' });
  await expect(processes.getByRole('row').nth(3)).toContainText('sh -c sleep 60');
  await stats(page).getByRole('button', { name: 'Table' }).click();
  const table = stats(page).getByRole('table', { name: 'What the container uses' });
  await expect(table.getByRole('columnheader')).toHaveText([
    'Time',
    'CPU',
    'Memory',
    'Received',
    'Sent',
    'Read',
    'Written',
    'Processes',
  ]);
  await page.getByRole('tab', { name: 'Logs' }).click();
  const asked = host.engine.statsStreams;
  await expect.poll(() => host.engine.statsStreams).toBe(asked);
  await expect.poll(() => host.engine.openStats).toBe(0);
});

test('a container is renamed, and its limits are changed while it runs', async ({ open, host }) => {
  const page = await open(`/containers/${id('web')}/logs`);
  const more = page.getByRole('region', { name: 'web', exact: true }).getByRole('button', {
    name: 'More actions for web',
  });
  await more.click();
  await page.getByRole('menuitem', { name: 'Rename…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Rename web' });
  await dialog.getByRole('textbox', { name: 'New name' }).fill('shop front');
  await expect(dialog.getByText('Letters, digits, _ . and -, two at least.')).toBeVisible();
  await dialog.getByRole('textbox', { name: 'New name' }).fill('shop');
  await expect(dialog.getByText('docker rename web shop')).toBeVisible();
  await dialog.getByRole('button', { name: 'Apply' }).click();
  await expect(page.getByRole('heading', { name: 'shop', level: 1 })).toBeVisible();
  await expect(row(page, 'shop')).toBeVisible();
  await page
    .getByRole('region', { name: 'shop', exact: true })
    .getByRole('button', { name: 'More actions for shop' })
    .click();
  await page.getByRole('menuitem', { name: 'Change limits…' }).click();
  const limits = page.getByRole('dialog', { name: 'Limits of shop' });
  await limits.getByRole('textbox', { name: 'Memory in MB' }).fill('256');
  await limits.getByRole('textbox', { name: 'Processors' }).fill('1.5');
  await expect(limits.getByText('docker update -m 256m --memory-swap 512m --cpus 1.5 shop')).toBeVisible();
  await limits.getByRole('button', { name: 'Apply' }).click();
  await expect(limits).toHaveCount(0);
  expect(host.engine.updated).toEqual({
    Memory: 256 * 1024 ** 2,
    MemorySwap: 512 * 1024 ** 2,
    NanoCpus: 1.5e9,
  });
});

import { readFile } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { expect, expectRequest, row, test } from './page.ts';
import { id } from './recorded.ts';

const logs = (page: Page) => page.getByRole('region', { name: 'Logs of web' });
const rows = (page: Page) => page.getByRole('region', { name: 'Lines', exact: true });

test('a row opens its container beside the list, Enter fills the window, Esc goes back', async ({ open }) => {
  const page = await open();
  await row(page, 'web').click();
  await expect(page).toHaveURL(new RegExp(`/containers/${id('web')}$`));
  await expect(page.getByRole('heading', { name: 'web', level: 1 })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Containers', level: 1 })).toBeVisible();
  await row(page, 'web').press('Enter');
  await expect(page).toHaveURL(/full/);
  await expect(page.getByRole('heading', { name: 'Containers', level: 1 })).toHaveCount(0);
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(/\/containers$/);
});

test('the log: find, step, case, expression, only matches', async ({ open }) => {
  const page = await open(`/containers/${id('web')}/logs`);
  await expect(rows(page).getByText('listening on :3000')).toBeVisible();
  await page.keyboard.press('Control+f');
  const find = page.getByRole('textbox', { name: 'Find in logs' });
  await find.fill('timeout');
  await expect(logs(page).getByRole('status').first()).toHaveText('– of 3');
  await expect(rows(page).locator('mark')).toHaveCount(3);
  await page.keyboard.press('Enter');
  await expect(logs(page).getByRole('status').first()).toHaveText('1 of 3');
  await page.getByRole('button', { name: 'Next match' }).click();
  await expect(logs(page).getByRole('status').first()).toHaveText('2 of 3');
  await page.getByRole('button', { name: 'Previous match' }).click();
  await expect(logs(page).getByRole('status').first()).toHaveText('1 of 3');
  await page.getByRole('button', { name: 'Only matches' }).click();
  await expect(rows(page).getByText('listening on :3000')).toHaveCount(0);
  await expect(rows(page).getByText('budget at 80%')).toBeVisible();
  await page.getByRole('button', { name: 'Highlight' }).click();
  await find.fill('TIMEOUT');
  await expect(logs(page).getByRole('status').first()).toHaveText('– of 3');
  await page.getByRole('button', { name: 'Match case' }).click();
  await expect(logs(page).getByRole('status').first()).toHaveText('no match');
  await page.getByRole('button', { name: 'Match case' }).click();
  await page.getByRole('button', { name: 'Regular expression' }).click();
  await find.fill('shop=.州');
  await expect(logs(page).getByRole('status').first()).toHaveText('– of 1');
  await find.fill('shop=(');
  await expect(logs(page).getByRole('status').first()).toHaveText('Not a valid expression');
});

test('the log: levels and streams filter, and the way back from nothing', async ({ open }) => {
  const page = await open(`/containers/${id('web')}/logs`);
  await expect(rows(page).getByText('cache hit')).toBeVisible();
  await page.getByRole('button', { name: 'Debug' }).click();
  await expect(rows(page).getByText('cache hit')).toHaveCount(0);
  await page.getByRole('button', { name: 'stderr' }).click();
  await expect(rows(page).getByText('PaymentsClient')).toHaveCount(0);
  await page.getByRole('button', { name: 'stdout' }).click();
  await expect(page.getByText('No line passes these filters.')).toBeVisible();
  await page.getByRole('button', { name: 'Reset filters' }).click();
  await expect(rows(page).getByText('cache hit')).toBeVisible();
});

test('the log: new lines are followed; scrolling up stops that and counts them', async ({ open, host }) => {
  const page = await open(`/containers/${id('web')}/logs`);
  await expect(rows(page).getByText('listening on :3000')).toBeVisible();
  for (let number = 0; number < 60; number++) host.engine.log({ text: `INFO line ${number}` });
  await expect(rows(page).getByText('line 59')).toBeVisible();
  await rows(page).press('Home');
  await expect(rows(page).getByText('listening on :3000')).toBeVisible();
  for (let number = 0; number < 5; number++) host.engine.log({ text: `INFO later ${number}` });
  const more = page.getByRole('button', { name: /5 new lines/ });
  await expect(more).toBeVisible();
  await more.click();
  await expect(rows(page).getByText('later 4')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Following' })).toHaveAttribute('aria-pressed', 'true');
});

test('the log: time formats, wrapping, a whole line, saving', async ({ open }) => {
  const page = await open(`/containers/${id('web')}/logs`);
  await expect(rows(page).getByText('04:12:00.114')).toBeVisible();
  await page.getByRole('button', { name: 'Time: Local' }).click();
  await page.getByRole('menuitemradio', { name: 'No times' }).click();
  await expect(rows(page).getByText('04:12:00.114')).toHaveCount(0);
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save the shown lines' }).click();
  const saved = await readFile(await (await download).path(), 'utf8');
  expect(saved.split('\n')[0]).toBe('INFO listening on :3000');
  expect(saved).toContain('shop=杭州');
  await page.getByRole('button', { name: 'Time: No times' }).click();
  await page.getByRole('menuitemradio', { name: 'UTC' }).click();
  await page.getByRole('button', { name: 'Wrap lines' }).click();
  await expect(page.getByRole('button', { name: 'Wrap lines' })).toHaveAttribute('aria-pressed', 'true');
  await page.getByRole('button', { name: 'Show line 17 in full' }).click();
  const line = page.getByRole('region', { name: 'The whole line' });
  await expect(line.locator('pre')).toContainText('"order": 58291');
  await line.getByRole('button', { name: 'Close' }).click();
  await expect(line).toHaveCount(0);
});

test('what was looked for in a log survives going elsewhere', async ({ open }) => {
  const page = await open(`/containers/${id('web')}/logs`);
  await page.getByRole('textbox', { name: 'Find in logs' }).fill('timeout');
  await expect(logs(page).getByRole('status').first()).toHaveText('– of 3');
  await page.getByRole('link', { name: 'Images' }).click();
  await page.getByRole('button', { name: 'Back' }).click();
  await expect(page.getByRole('textbox', { name: 'Find in logs' })).toHaveValue('timeout');
  await expect(logs(page).getByRole('status').first()).toHaveText('– of 3');
});

test('inspection is searched, masks secrets, and is shown as JSON', async ({ open }) => {
  const page = await open(`/containers/${id('web')}/inspect`);
  const main = page.getByRole('main');
  await expect(main.getByText('DATABASE_PASSWORD')).toBeVisible();
  await expect(main.getByText('secret', { exact: true })).toHaveCount(0);
  await page.getByRole('button', { name: 'Show the value of DATABASE_PASSWORD' }).click();
  await expect(main.getByText('secret', { exact: true })).toBeVisible();
  await page.getByRole('textbox', { name: 'Find a setting' }).fill('password');
  await expect(main.getByText('PATH', { exact: true })).toHaveCount(0);
  await page.getByRole('textbox', { name: 'Find a setting' }).fill('nothing like it');
  await expect(page.getByText('No setting matches “nothing like it”.')).toBeVisible();
  await page.getByRole('textbox', { name: 'Find a setting' }).fill('');
  await page.getByRole('button', { name: 'JSON', exact: true }).click();
  await expect(page.getByText('"StartedAt"')).toBeVisible();
  await expect(page.getByText('DATABASE_PASSWORD=secret')).toHaveCount(0);
});

test('the layers of a container begin with what it wrote', async ({ open }) => {
  const page = await open(`/containers/${id('web')}/layers?full=1`);
  const tree = page.getByRole('treegrid', { name: 'Files the container has written' });
  await expect(tree.getByText('etc', { exact: true })).toBeVisible();
  await tree.getByText('etc', { exact: true }).click();
  await page.keyboard.press('ArrowRight');
  await expect(tree.getByText('nginx.conf')).toBeVisible();
  await page.getByRole('option').filter({ hasText: 'npm ci' }).click();
  await expect(page.getByRole('treegrid', { name: 'Files of layer 6' })).toBeVisible();
});

test('a container ends, starts and goes while it is open', async ({ open, host }) => {
  const page = await open(`/containers/${id('web')}`);
  await page.getByRole('button', { name: 'Stop web' }).first().click();
  await expect(page.getByRole('button', { name: 'Start web' }).first()).toBeVisible();
  await page.getByRole('main').getByRole('button', { name: 'Start web' }).last().click();
  await expectRequest(host, `POST /engine/containers/${id('web')}/start`);
  const detail = page.getByRole('region', { name: 'web', exact: true });
  await expect(detail.getByText('Running')).toBeVisible();
  await detail.getByRole('button', { name: 'More actions for web' }).click();
  await page.getByRole('menuitem', { name: 'Remove' }).click();
  const dialog = page.getByRole('alertdialog', { name: 'Remove web?' });
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await expect(page).toHaveURL(/\/containers$/);
});

test('a container that is gone says so', async ({ open }) => {
  const page = await open(`/containers/${'0'.repeat(64)}/logs`);
  await expect(page.getByText('This container does not exist any more.')).toBeVisible();
  await page.getByRole('button', { name: 'All containers' }).click();
  await expect(page).toHaveURL(/\/containers$/);
});

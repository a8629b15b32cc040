import type { Page } from '@playwright/test';
import { expect, expectRequest, test } from './page.ts';
import { id } from './recorded.ts';

const dock = (page: Page) => page.getByRole('complementary', { name: 'Terminals and logs' });
const screen = (page: Page) => page.getByRole('region', { name: 'Terminal of web' });

async function openTerminal(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'New terminal in web' }).first().click();
  await expect(screen(page).locator('.xterm-rows')).toContainText('root@web:/#');
}

test('a terminal opens in the dock, takes what is typed and survives going elsewhere', async ({
  open,
  host,
}) => {
  const page = await open(`/containers/${id('web')}/terminal`);
  await openTerminal(page);
  await expectRequest(host, `POST /engine/containers/${id('web')}/exec`);
  await expectRequest(host, /STREAM POST \/exec\/\w+\/start/);
  await page.keyboard.type('echo 你好 hello');
  await expect(screen(page).locator('.xterm-rows')).toContainText('hello');
  await page.getByRole('link', { name: 'Machine' }).click();
  await expect(page.getByRole('heading', { name: 'Machine', level: 1 })).toBeVisible();
  await expect(screen(page).locator('.xterm-rows')).toContainText('hello');
  await page.getByRole('link', { name: 'Images' }).click();
  await expect(screen(page).locator('.xterm-rows')).toContainText('hello');
  expect(host.requests.filter((request) => request.startsWith('STREAM POST /exec/'))).toHaveLength(1);
});

test('the dock hides, shows, resizes, finds, and closes with its last tab', async ({ open }) => {
  const page = await open(`/containers/${id('web')}/terminal`);
  await openTerminal(page);
  await page.getByRole('button', { name: 'Hide the dock' }).click();
  await expect(dock(page)).toHaveCount(0);
  await page.keyboard.press('Control+`');
  await expect(screen(page).locator('.xterm-rows')).toContainText('root@web:/#');
  const divider = page.getByRole('separator', { name: 'Resize Terminals and logs' });
  const before = Number(await divider.getAttribute('aria-valuenow'));
  await divider.press('ArrowUp');
  await expect(divider).toHaveAttribute('aria-valuenow', String(before + 24));
  await page.getByRole('button', { name: 'Find in the terminal' }).click();
  await page.getByRole('textbox', { name: 'Find in the terminal' }).fill('root');
  await page.getByRole('button', { name: 'Next match' }).click();
  await page.getByRole('button', { name: 'Close find' }).click();
  await page.getByRole('button', { name: 'New terminal in web' }).last().click();
  await page.getByRole('menuitem', { name: 'sh', exact: true }).click();
  await expect(dock(page).getByRole('tab')).toHaveCount(2);
  await dock(page).getByRole('tab').first().click();
  await expect(dock(page).getByRole('tab').first()).toHaveAttribute('aria-selected', 'true');
  for (let count = 0; count < 2; count++)
    await dock(page).getByRole('button', { name: 'Close the terminal of web' }).first().click();
  await expect(dock(page)).toHaveCount(0);
});

test('Ctrl+Shift+Esc leaves the terminal', async ({ open }) => {
  const page = await open(`/containers/${id('web')}/terminal`);
  await openTerminal(page);
  await expect(screen(page).locator('textarea')).toBeFocused();
  await page.keyboard.press('Control+Shift+Escape');
  await expect(dock(page).getByRole('tab')).toBeFocused();
});

test('a shell that was lost is said, with the way back', async ({ open, host }) => {
  const page = await open(`/containers/${id('web')}/terminal`);
  await openTerminal(page);
  host.cut();
  await expect(screen(page).getByText('Lost connection to the shell.')).toBeVisible();
  await screen(page).getByRole('button', { name: 'Open a new shell' }).click();
  await expect(screen(page).getByText('Lost connection to the shell.')).toHaveCount(0);
  await expect(screen(page).locator('.xterm-rows')).toContainText('root@web:/#');
});

test('a stopped container has no terminal to open, and says so', async ({ open }) => {
  const page = await open(`/containers/${id('old-mysql')}/terminal`);
  await expect(page.getByText('Start the container to open a terminal in it.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'New terminal in old-mysql' })).toBeDisabled();
});

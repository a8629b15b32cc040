import type { Page } from '@playwright/test';
import { expect, freePort, journeyMs, picture, test } from './journey.ts';

test.setTimeout(journeyMs);
test.use({ actionTimeout: 30_000 });

const row = (page: Page, name: string) =>
  page.getByRole('row').filter({ has: page.getByText(name, { exact: true }) });

/** The page's text on a port of this computer; empty while nothing answers. */
async function fetched(port: number): Promise<string> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(5000) });
    return await answer.text();
  } catch {
    return '';
  }
}

test('from a click to a running container, and back to nothing', async ({ open, shared, machine }) => {
  const image = `${shared.registry}/nginx`;
  const port = await freePort();
  const page = await open('/machine');
  const dock = page.getByRole('complementary', { name: 'Terminals and logs' });
  const rail = page.getByRole('navigation').first();

  await test.step('the machine runs, and says how it started', async () => {
    await expect(page.getByRole('list', { name: 'Stages' }).getByRole('listitem').first()).toBeVisible();
    await expect(page.getByRole('button', { name: /^Engine.*Running/ })).toBeVisible();
    await picture(page, 'machine');
  });

  await test.step('an image is pulled', async () => {
    await rail.getByRole('link', { name: 'Images' }).click();
    await page.getByRole('button', { name: 'Pull', exact: true }).first().click();
    const dialog = page.getByRole('dialog', { name: 'Pull an image' });
    await dialog.getByRole('textbox', { name: 'Image' }).fill(image);
    await dialog.getByRole('button', { name: 'Pull' }).click();
    const sheet = page.getByRole('region', { name: `Pulling ${image}` });
    await expect(sheet.getByRole('heading', { name: `Pulled ${image}` })).toBeVisible({ timeout: 120_000 });
    await picture(page, 'pull');
    await sheet.getByRole('button', { name: 'Run' }).click();
  });

  await test.step('it runs with a published port', async () => {
    const dialog = page.getByRole('dialog', { name: 'Run a container' });
    await expect(dialog.getByLabel('Port of the container')).toHaveValue('80');
    await dialog.getByLabel('Port of this computer').fill(String(port));
    await dialog.getByLabel('Name', { exact: true }).fill('shop');
    await picture(page, 'run');
    await dialog.getByRole('button', { name: /^Run/ }).click();
    await expect(page).toHaveURL(/\/containers\/\w+\/logs/);
    await expect(page.getByRole('heading', { name: 'shop' })).toBeVisible();
  });

  await test.step('its page answers on this computer, and the access is in the log', async () => {
    await expect.poll(() => fetched(port), { timeout: 30_000 }).toContain('Hello from a container in Berth');
    const lines = page.getByRole('region', { name: 'Lines', exact: true });
    await expect(lines.getByText('"GET / HTTP/1.1" 200').first()).toBeVisible();
    await picture(page, 'log');
  });

  const terminal = page.getByRole('region', { name: 'Terminal of shop' });
  await test.step('what is typed in its terminal happens in it', async () => {
    await page.getByRole('tab', { name: 'Terminal' }).first().click();
    await page.getByRole('button', { name: 'New terminal in shop' }).first().click();
    const screen = terminal.locator('.xterm-rows');
    await expect(screen).toContainText('# ');
    await page.keyboard.type(
      'echo Changed by hand > /usr/share/nginx/html/index.html; echo answer $((6*7))\n',
    );
    await expect(screen).toContainText('answer 42');
    await picture(page, 'terminal');
    expect(await fetched(port)).toBe('Changed by hand\n');
  });

  await test.step('the change is in its writable layer', async () => {
    await page.getByRole('tab', { name: 'Layers' }).click();
    const tree = page.getByRole('treegrid', { name: 'Files the container has written' });
    for (const name of ['usr', 'share', 'nginx', 'html']) {
      await tree.getByText(name, { exact: true }).click();
      await page.keyboard.press('ArrowRight');
    }
    await expect(tree.getByRole('row').filter({ hasText: 'index.html' })).toBeVisible();
    await picture(page, 'writable-layer');
  });

  await test.step('the engine restarts under it', async () => {
    await rail.getByRole('link', { name: 'Machine' }).click();
    await page.getByRole('button', { name: 'Restart engine' }).click();
    await machine.until(({ engine }) => engine.phase === 'starting');
    expect(await fetched(port)).toBe('Changed by hand\n');
    await machine.until(({ engine, phase }) => phase === 'running' && engine.phase === 'running');
    await expect(page.getByRole('button', { name: /^Engine.*Running/ })).toBeVisible();
    // Everything is as it was: the container runs, its log is whole, a new terminal opens.
    await rail.getByRole('link', { name: 'Containers' }).click();
    await row(page, 'shop').click();
    await expect(
      page.getByRole('region', { name: 'Lines', exact: true }).getByText('"GET / HTTP/1.1"').first(),
    ).toBeVisible();
    expect(await fetched(port)).toBe('Changed by hand\n');
    await terminal.getByRole('button', { name: 'Open a new shell' }).click();
    await expect(terminal.getByText('Opening a shell…')).toHaveCount(0);
    await expect(terminal.locator('.xterm-rows')).toHaveText(/# .*# \s*$/);
    await picture(page, 'containers');
  });

  await test.step('the image’s layers are looked into', async () => {
    await rail.getByRole('link', { name: 'Images' }).click();
    await picture(page, 'images');
    await row(page, image).getByRole('link', { name: image }).click();
    await page.getByRole('button', { name: /^Layer 2,/ }).click();
    const tree = page.getByRole('treegrid', { name: 'Files of layer 2' });
    await expect(tree.getByText('usr', { exact: true })).toBeVisible();
    await picture(page, 'layers');
  });

  await test.step('the same in Chinese', async () => {
    await page.getByRole('button', { name: 'Language and theme' }).click();
    await page.getByRole('menuitemradio', { name: '简体中文' }).click();
    await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
    await picture(page, 'zh-layers');
    await rail.getByRole('link', { name: '容器' }).click();
    await expect(page.getByRole('heading', { name: '容器', level: 1 })).toBeVisible();
    await row(page, 'shop').click();
    await expect(page.getByText('"GET / HTTP/1.1" 200').first()).toBeVisible();
    await picture(page, 'zh-containers');
    await page.getByRole('button', { name: '语言和主题' }).click();
    await page.getByRole('menuitemradio', { name: 'English' }).click();
    await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  });

  await test.step('everything is removed', async () => {
    await rail.getByRole('link', { name: 'Containers' }).click();
    await row(page, 'shop').click();
    await page.keyboard.press('Delete');
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
    await expect(row(page, 'shop')).toHaveCount(0);
    expect(await fetched(port)).toBe('');
    await rail.getByRole('link', { name: 'Images' }).click();
    await row(page, image).click();
    await page.keyboard.press('Delete');
    await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
    await expect(row(page, image)).toHaveCount(0);
    await expect(dock).toHaveCount(0);
  });
});

import { expect, expectRequest, test } from './page.ts';
import { stoppedState } from './recorded-machine.ts';

test('a one-time token opens the page and stays in no history entry', async ({ open, host }) => {
  const page = await open('/containers');
  await expect(page.getByRole('row').filter({ hasText: 'web' }).first()).toBeVisible();
  expect(page.url()).toBe(`http://127.0.0.1:${host.port}/containers`);
  await expectRequest(host, 'POST /api/session');
});

test('a reload keeps the session and asks for no second token', async ({ open, host }) => {
  const page = await open();
  const exchanges = () => host.requests.filter((request) => request === 'POST /api/session').length;
  await page.reload();
  await expect(page.getByRole('grid').or(page.getByRole('treegrid'))).toBeVisible();
  expect(exchanges()).toBe(1);
});

test('a page without a session says so and how to come back', async ({ page, host }) => {
  await page.goto(`http://127.0.0.1:${host.port}/containers`);
  await expect(page.getByText('This window is no longer signed in.')).toBeVisible();
  await expect(page.getByText('berth open')).toBeVisible();
  expect(host.requests.filter((request) => request.includes('/engine/'))).toEqual([]);
});

test('a token that was used is refused', async ({ page, host }) => {
  await page.goto(`http://127.0.0.1:${host.port}/containers#token=used-before`);
  await expect(page.getByText('This window is no longer signed in.')).toBeVisible();
});

test('the root goes to containers, an unknown path says that it is none', async ({ open }) => {
  const page = await open('/');
  await expect(page).toHaveURL(/\/containers$/);
  await page.goto(page.url().replace('/containers', '/nowhere'));
  await expect(page.getByText('There is no such page.')).toBeVisible();
});

test('language and theme are chosen in the title bar, at once and for the next time', async ({
  open,
  host,
}) => {
  const page = await open();
  await page.getByRole('button', { name: 'Language and theme' }).click();
  await page.getByRole('menuitemradio', { name: '简体中文' }).click();
  await expect(page.getByRole('heading', { name: '容器', level: 1 })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
  await page.getByRole('button', { name: '语言和主题' }).click();
  await page.getByRole('menuitemradio', { name: '深色' }).click();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect.poll(() => [host.settings.language, host.settings.theme]).toEqual(['zh-CN', 'dark']);
  await page.reload();
  await expect(page.getByRole('heading', { name: '容器', level: 1 })).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
});

test('the rail shows what there is, and how many', async ({ open }) => {
  const page = await open();
  const links = page.getByRole('navigation', { name: 'Main' }).getByRole('link');
  await expect(links).toHaveText(['Containers14', 'Images13', 'Machine']);
  await links.nth(1).click();
  await expect(page.getByRole('heading', { name: 'Images', level: 1 })).toBeVisible();
  await page.getByRole('button', { name: 'Back' }).click();
  await expect(page.getByRole('heading', { name: 'Containers', level: 1 })).toBeVisible();
  await page.getByRole('button', { name: 'Forward' }).click();
  await expect(page.getByRole('heading', { name: 'Images', level: 1 })).toBeVisible();
});

test('the palette finds places by pinyin, containers by name, and runs commands', async ({ open, host }) => {
  const page = await open('/machine');
  await page.keyboard.press('Control+k');
  const field = page.getByRole('combobox');
  await field.fill('rq');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/containers$/);
  await page.getByRole('button', { name: 'Search or run a command' }).click();
  await field.fill('stop web');
  await expect(page.getByRole('option').first()).toHaveText(/Stop web/);
  await page.keyboard.press('Enter');
  await expectRequest(host, /POST \/engine\/containers\/\w+\/stop/);
  await page.keyboard.press('Control+k');
  await field.fill('no such thing');
  await expect(page.getByText('Nothing matches “no such thing”.')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(field).toHaveCount(0);
});

test('a stopped machine is said in the list, with the button that starts it', async ({ open, host }) => {
  host.setState(stoppedState());
  const page = await open();
  await expect(page.getByText('The engine is stopped. Your data is safe.')).toBeVisible();
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await expectRequest(host, 'POST /api/machine/start');
});

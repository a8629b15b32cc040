import type { Page } from '@playwright/test';
import { expect, expectRequest, row, test } from './page.ts';
import { id } from './recorded.ts';

const dialogOf = (page: Page) => page.getByRole('dialog', { name: 'Run a container' });

test('an image, ports, volumes and variables become a container, and the command that does the same', async ({
  open,
  host,
}) => {
  const page = await open();
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  const dialog = dialogOf(page);
  await dialog.getByRole('combobox', { name: /Image/ }).fill('nginx:1.31');
  await expect(dialog.getByText('on this machine')).toBeVisible();
  // The image's port is offered, moved away from what is taken.
  await expect(dialog.getByLabel('Port of the container')).toHaveValue('80');
  await dialog.getByLabel('Port of this computer').fill('8082');
  await dialog.getByLabel('Name', { exact: true }).fill('shop');
  await dialog.getByRole('button', { name: 'Volume', exact: true }).click();
  await dialog.getByLabel('Volume name').fill('pages');
  await dialog.getByLabel('Path in the container').fill('/usr/share/nginx/html');
  await dialog.getByRole('button', { name: 'Variable' }).click();
  await dialog.getByLabel('Name of the variable').fill('TZ');
  await dialog.getByLabel('Value', { exact: true }).fill('Asia/Shanghai');
  await dialog.getByRole('button', { name: /Limits/ }).click();
  await dialog.getByLabel('Memory').fill('512m');
  const command =
    'docker run -d --name shop -p 8082:80 -v pages:/usr/share/nginx/html -e TZ=Asia/Shanghai -m 512m nginx:1.31';
  await expect(dialog.getByText(command)).toBeVisible();
  await dialog.getByRole('button', { name: /^Run/ }).click();
  await expect(page).toHaveURL(/\/containers\/\w+\/logs/);
  await expect(page.getByRole('heading', { name: 'shop' })).toBeVisible();
  await expectRequest(host, 'POST /engine/containers/create?name=shop');
  expect(host.engine.created).toMatchObject({
    Image: 'nginx:1.31',
    Env: ['TZ=Asia/Shanghai'],
    HostConfig: {
      Memory: 512 * 1024 ** 2,
      PortBindings: { '80/tcp': [{ HostPort: '8082' }] },
    },
  });
});

test('a pasted docker run line fills the form, says what it left out, and can be undone', async ({
  open,
}) => {
  const page = await open('/containers?run=');
  const dialog = dialogOf(page);
  await dialog
    .getByRole('combobox', { name: /Image/ })
    .fill(
      'docker run -d --name web-canary -p 3005:3000 -e NODE_ENV=production -m 512m --link db storefront-web:dev',
    );
  await expect(dialog.getByText('Filled from the line you pasted.', { exact: false })).toBeVisible();
  await expect(dialog.getByText('Left out', { exact: false })).toContainText('--link');
  await expect(dialog.getByRole('combobox', { name: /Image/ })).toHaveValue('storefront-web:dev');
  await expect(dialog.getByLabel('Name', { exact: true })).toHaveValue('web-canary');
  await expect(dialog.getByLabel('Port of this computer')).toHaveValue('3005');
  await expect(dialog.getByLabel('Value', { exact: true })).toHaveValue('production');
  await dialog.getByRole('button', { name: 'Undo' }).click();
  await expect(dialog.getByLabel('Name', { exact: true })).toHaveValue('');
});

test('a taken port names its owner and offers ways out', async ({ open, host }) => {
  const page = await open('/containers?run=nginx:1.31');
  const dialog = dialogOf(page);
  const port = dialog.getByLabel('Port of this computer');
  await port.fill('3000');
  await expect(dialog.getByText('Port 3000 is used by web.')).toBeVisible();
  await expect(dialog.getByText('1 thing to change')).toBeVisible();
  await dialog.getByRole('button', { name: /^Run/ }).press('Enter');
  await expect(dialog).toBeVisible();
  expect(host.requests.some((request) => request.includes('/containers/create'))).toBe(false);
  await dialog.getByRole('button', { name: 'Use 3002' }).click();
  await expect(port).toHaveValue('3002');
  await expect(dialog.getByText('Port 3000 is used by web.')).toHaveCount(0);
  await port.fill('8080');
  await dialog.getByRole('button', { name: 'Stop api' }).click();
  await expectRequest(host, `POST /engine/containers/${id('api')}/stop`);
  await expect(dialog.getByText('Port 8080 is used by api.')).toHaveCount(0);
});

test('a name that is taken, a bad port, a folder of this computer and bad limits are said at the field', async ({
  open,
}) => {
  const page = await open('/containers?run=nginx:1.31');
  const dialog = dialogOf(page);
  await dialog.getByLabel('Name', { exact: true }).fill('web');
  await expect(dialog.getByText('The name web is taken.')).toBeVisible();
  await dialog.getByLabel('Port of this computer').fill('99999');
  await expect(dialog.getByText('99999 is not a port: 1 to 65535.')).toBeVisible();
  await dialog.getByRole('button', { name: /Limits/ }).click();
  await dialog.getByLabel('Memory').fill('much');
  await expect(dialog.getByText('Write memory as 512m or 2g; at least 6m.')).toBeVisible();
  await expect(dialog.getByText('3 things to change')).toBeVisible();
});

test('an image that is not here is pulled in the same flow', async ({ open, host }) => {
  const page = await open('/containers?run=redis:8');
  const dialog = dialogOf(page);
  await expect(dialog.getByText('will be pulled')).toBeVisible();
  await dialog.getByLabel('Name', { exact: true }).fill('cache-2');
  let release = () => {};
  host.engine.pullHeld = new Promise((resolve) => {
    release = resolve;
  });
  await dialog.getByRole('button', { name: /^Run/ }).click();
  await expect(dialog.getByText('Pulling redis:8')).toBeVisible();
  release();
  await expect(page.getByRole('heading', { name: 'cache-2' })).toBeVisible();
  await expectRequest(host, 'STREAM POST /images/create?fromImage=redis&tag=8');
});

test('what the engine refuses stays in the dialog with everything that was typed', async ({ open, host }) => {
  host.engine.refusals.set('POST /containers/create', {
    status: 409,
    body: {
      message: 'Conflict. The container name "/shop" is already in use by container "abc".',
      berth: { code: 'container-name-taken', params: { name: 'shop', id: 'abc' } },
    },
  });
  const page = await open('/containers?run=nginx:1.31');
  const dialog = dialogOf(page);
  await dialog.getByLabel('Name', { exact: true }).fill('shop');
  await dialog.getByRole('button', { name: /^Run/ }).click();
  await expect(dialog.getByRole('alert')).toBeVisible();
  await expect(dialog.getByLabel('Name', { exact: true })).toHaveValue('shop');
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await expect(dialog).toHaveCount(0);
  await expect(row(page, 'web')).toBeVisible();
});

import { expect, expectRequest, row, test } from './page.ts';
import { id } from './recorded.ts';

const names = ['api', 'cache', 'db', 'migrate', 'search', 'web', 'worker'];

test('containers stand under their projects, with state, ports and age', async ({ open }) => {
  const page = await open();
  const list = page.getByRole('treegrid', { name: 'Containers' });
  await expect(list).toHaveAttribute('aria-rowcount', '18');
  const project = list.getByRole('row').filter({ hasText: 'storefront6 of 7 running' });
  await expect(project).toContainText('~/code/storefront/compose.yaml');
  await expect(project).toContainText('2 problems');
  for (const name of names) await expect(row(page, name)).toHaveAttribute('aria-level', '2');
  await expect(row(page, 'web')).toContainText('Healthy');
  await expect(row(page, 'web').getByRole('link')).toHaveAttribute('href', 'http://localhost:3000');
  await expect(row(page, 'migrate')).toContainText('Exited (1)');
  await expect(row(page, 'worker')).toContainText('Unhealthy');
  await project.getByRole('button', { name: 'Hide storefront' }).click();
  await expect(row(page, 'web')).toHaveCount(0);
  await project.getByRole('button', { name: 'Show storefront' }).click();
  await expect(row(page, 'web')).toBeVisible();
});

test('words, keys and their full-width colon filter; the URL keeps the filter', async ({ open }) => {
  const page = await open();
  const filter = page.getByRole('textbox', { name: 'Filter' });
  for (const [text, found] of [
    ['postgres', ['db']],
    ['port:3000', ['web']],
    ['state：paused', ['loadgen']],
    ['image:storefront-api state:unhealthy', ['worker']],
    ['label:com.docker.compose.project=observability graf', ['grafana']],
  ] as const) {
    await filter.fill(text);
    for (const name of found) await expect(row(page, name)).toBeVisible();
    await expect(
      page.getByRole('row').filter({ has: page.getByText('registry', { exact: true }) }),
    ).toHaveCount(0);
    await expect.poll(() => new URL(page.url()).searchParams.get('q')).toBe(text);
  }
  await filter.fill('pg');
  await expect(page.getByText('Nothing matches “pg”.')).toBeVisible();
  await page.getByRole('button', { name: 'Clear filter' }).click();
  await expect(row(page, 'registry')).toBeVisible();
  await page.goto(`${page.url()}?q=redis-nothing`);
  await expect(filter).toHaveValue('redis-nothing');
});

test('chips count what they show', async ({ open }) => {
  const page = await open();
  const chip = (name: string) => page.getByRole('button', { name, exact: true });
  await expect(chip('All 14')).toHaveAttribute('aria-pressed', 'true');
  await chip('Problems 2').click();
  await expect(row(page, 'migrate')).toBeVisible();
  await expect(row(page, 'worker')).toBeVisible();
  await expect(row(page, 'web')).toHaveCount(0);
  await expect(page).toHaveURL(/show=problems/);
  await chip('Paused 1').click();
  await expect(row(page, 'loadgen')).toBeVisible();
  await expect(row(page, 'migrate')).toHaveCount(0);
});

test('grouping, density and sorting are chosen and kept', async ({ open, host }) => {
  const page = await open();
  const view = page.getByRole('button', { name: 'View' });
  await view.click();
  await page.getByRole('menuitemradio', { name: 'No groups' }).click();
  await expect(page.getByRole('grid', { name: 'Containers' })).toBeVisible();
  const first = page.getByRole('row').nth(1);
  await expect(first).toContainText('api');
  await page.getByRole('button', { name: 'Name' }).click();
  await expect(first).toContainText('worker');
  await view.click();
  await page.getByRole('menuitemradio', { name: 'Comfortable' }).click();
  await expect.poll(() => first.evaluate((element) => element.clientHeight)).toBe(40);
  await expect
    .poll(() => host.settings.page)
    .toMatchObject({ groupBy: 'none', density: 'comfortable', sort: { column: 'name', descending: true } });
  await page.reload();
  await expect(first).toContainText('worker');
});

test('a row stops, starts, pauses and is pinned', async ({ open, host }) => {
  const page = await open();
  await row(page, 'cache').hover();
  await page.getByRole('button', { name: 'Stop cache' }).click();
  await expect(row(page, 'cache')).toContainText('Exited (0)');
  await row(page, 'cache').hover();
  await page.getByRole('button', { name: 'Start cache' }).click();
  await expect(row(page, 'cache')).toContainText('Running');
  await row(page, 'cache').hover();
  await page.getByRole('button', { name: 'More actions for cache' }).click();
  await page.getByRole('menuitem', { name: 'Pause' }).click();
  await expect(row(page, 'cache')).toContainText('Paused');
  await row(page, 'cache').hover();
  await page.getByRole('button', { name: 'More actions for cache' }).click();
  await page.getByRole('menuitem', { name: 'Keep on top' }).click();
  await expect.poll(() => host.settings.page).toMatchObject({ pinned: ['cache'] });
  await expect(page.getByRole('row').nth(1)).toContainText('cache');
});

test('what the engine refuses stands in the list until it is read', async ({ open, host }) => {
  host.engine.refusals.set(`POST /containers/${id('old-mysql')}/start`, {
    status: 500,
    body: {
      message:
        'driver failed programming external connectivity: Bind for 0.0.0.0:3306 failed: port is already allocated',
      berth: { code: 'port-in-use', params: { port: 3306 } },
    },
  });
  const page = await open();
  await row(page, 'old-mysql').hover();
  await page.getByRole('button', { name: 'Start old-mysql' }).click();
  await expect(page.getByText('Start failed for old-mysql')).toBeVisible();
  host.engine.refusals.clear();
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByText('Start failed for old-mysql')).toHaveCount(0);
  await expect(row(page, 'old-mysql')).toContainText('Running');
});

test('several are selected and stopped, started and removed together', async ({ open, host }) => {
  const page = await open();
  await row(page, 'web').click({ modifiers: ['Control'] });
  await row(page, 'db').click({ modifiers: ['Control'] });
  await row(page, 'migrate').click({ modifiers: ['Control'] });
  const bar = page.getByRole('region', { name: 'Selected containers' });
  await expect(bar).toContainText('3 selected');
  await bar.getByRole('button', { name: 'Stop' }).click();
  await expect(row(page, 'web')).toContainText('Exited (0)');
  await expect(row(page, 'db')).toContainText('Exited (0)');
  await bar.getByRole('button', { name: 'Start' }).click();
  for (const name of ['web', 'db', 'migrate']) await expect(row(page, name)).toContainText('Running');
  await bar.getByRole('button', { name: 'Remove' }).click();
  const dialog = page.getByRole('alertdialog', { name: 'Remove 3 containers?' });
  await expect(dialog.getByRole('listitem')).toHaveText(['web', 'db', 'migrate']);
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await expect(row(page, 'web')).toHaveCount(0);
  await expect(bar).toHaveCount(0);
  expect(host.engine.containers).toHaveLength(11);
});

test('removing a stopped container can be taken back', async ({ open, host }) => {
  const page = await open();
  await row(page, 'nginx-test').click();
  await page.keyboard.press('Delete');
  await expect(row(page, 'nginx-test')).toHaveCount(0);
  await expect(page).toHaveURL(/\/containers$/);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(row(page, 'nginx-test')).toBeVisible();
  expect(host.engine.containers).toHaveLength(14);
  await row(page, 'nginx-test').click();
  await page.keyboard.press('Delete');
  await expectRequest(host, `DELETE /engine/containers/${id('nginx-test')}`);
});

test('a change on the engine’s side shows without being asked for', async ({ open, host }) => {
  const page = await open();
  await expect(row(page, 'grafana')).toContainText('Running');
  await expectRequest(host, 'STREAM GET /events');
  host.engine.answer('POST', `/containers/${id('grafana')}/kill`, new URLSearchParams(), undefined);
  await expect(row(page, 'grafana')).toContainText('Exited (137)');
});

test('no containers: the list says what to do', async ({ open, host }) => {
  host.engine.containers = [];
  const page = await open();
  await expect(page.getByText('No containers yet.')).toBeVisible();
  await page.getByRole('main').getByRole('button', { name: 'Run' }).last().click();
  await expect(page.getByRole('dialog', { name: 'Run a container' })).toBeVisible();
});

import { expect, expectRequest, row, test } from './page.ts';
import { id } from './recorded.ts';
import { engineLostState, runningState } from './recorded-machine.ts';

test('a lost engine: the last state stays, a banner says it, and coming back reads anew', async ({
  open,
  host,
}) => {
  const page = await open();
  await expect(row(page, 'web')).toContainText('Healthy');
  host.setState(engineLostState());
  await expect(page.getByRole('alert')).toContainText('The engine does not answer.');
  await expect(row(page, 'web')).toContainText('Healthy');
  await page.getByRole('alert').getByRole('button', { name: 'Machine details' }).click();
  await expect(page.getByText('The container engine ended unexpectedly.')).toBeVisible();
  await page.getByRole('alert').getByRole('button', { name: 'Restart engine' }).click();
  await expectRequest(host, 'POST /api/engine/restart');
  host.engine.containers = host.engine.containers.filter(({ Id }) => Id !== id('cache'));
  host.setState(runningState());
  await page.getByRole('link', { name: 'Containers' }).first().click();
  await expect(row(page, 'web')).toBeVisible();
  await expect(row(page, 'cache')).toHaveCount(0);
  await expect(page.getByRole('alert')).toHaveCount(0);
});

test('a lost host: the page counts its attempts and goes on when it is back', async ({ open, host }) => {
  const page = await open();
  await expect(row(page, 'web')).toBeVisible();
  const comeBack = await host.leave();
  await expect(page.getByRole('alert')).toContainText('Lost connection to Berth. Reconnecting, attempt');
  await expect(row(page, 'web')).toBeVisible();
  await expect(page.getByRole('button', { name: /^Engine.*Disconnected/ })).toBeVisible();
  host.engine.containers = host.engine.containers.filter(({ Id }) => Id !== id('cache'));
  await comeBack();
  await expect(page.getByRole('alert')).toHaveCount(0);
  await expect(row(page, 'cache')).toHaveCount(0);
});

test('a log goes on after the connection broke, with no line lost or doubled', async ({ open, host }) => {
  const page = await open(`/containers/${id('web')}/logs`);
  const lines = page.getByRole('region', { name: 'Lines', exact: true });
  await expect(lines.getByText('listening on :3000')).toBeVisible();
  host.cut();
  host.engine.log({ text: 'INFO written meanwhile' });
  await expect(lines.getByText('written meanwhile')).toBeVisible();
  await expect(lines.getByText('listening on :3000')).toHaveCount(1);
  await expect(page.getByText('20 lines')).toBeVisible();
});

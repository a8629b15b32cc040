import { type ProblemCode, problemActions } from '../../electron/host/api/machine.ts';
import { expect, expectRequest, test } from './page.ts';
import { problemState, runningState, startingState, stoppedState } from './recorded-machine.ts';

test('a running machine shows what it has, how it started, and its ports', async ({ open, host }) => {
  const page = await open('/machine');
  await expect(page.getByText('6 processors').first()).toBeVisible();
  await expect(page.getByText('18% in use')).toBeVisible();
  const stages = page.getByRole('list', { name: 'Stages' });
  await expect(stages.getByRole('listitem')).toHaveCount(7);
  await expect(stages).toContainText('Virtual machine booted');
  const ports = page.getByRole('table', { name: 'Ports' });
  await expect(ports.getByRole('link', { name: 'localhost:3000' })).toHaveAttribute(
    'href',
    'http://localhost:3000',
  );
  await expect(ports).toContainText('postgres (pid 812) already listens on 5432.');
  await page.getByRole('button', { name: 'Show the log' }).click();
  await expect(page.getByRole('log')).toContainText('sshd is ready');
  await page.getByRole('button', { name: 'Engine log' }).click();
  await expectRequest(host, 'GET /api/machine/log?source=engine');
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save the log' }).click();
  expect((await download).suggestedFilename()).toBe('berth-engine.log');
});

test('stop and restart name the containers that stop with it', async ({ open, host }) => {
  const page = await open('/machine');
  await page.getByRole('main').getByRole('button', { name: 'Restart', exact: true }).click();
  const dialog = page.getByRole('alertdialog', { name: 'Restart the machine?' });
  await expect(dialog).toContainText('11 running containers stop with it.');
  await dialog.getByRole('button', { name: 'Restart' }).click();
  await expectRequest(host, 'POST /api/machine/restart');
  await page.getByRole('button', { name: 'Restart engine' }).click();
  await expectRequest(host, 'POST /api/engine/restart');
  await page.getByRole('main').getByRole('button', { name: 'Stop', exact: true }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Stop' }).click();
  await expectRequest(host, 'POST /api/machine/stop');
});

test('a start shows its stages, times and why it is slow, and can be stopped', async ({ open, host }) => {
  host.setState(startingState());
  const page = await open('/machine');
  await expect(page.getByRole('heading', { name: 'Starting the machine' })).toBeVisible();
  const stages = page.getByRole('list', { name: 'Stages' });
  await expect(stages.getByRole('listitem').filter({ hasText: 'Starting the engine' })).toHaveAttribute(
    'aria-current',
    'step',
  );
  await expect(stages).toContainText('usually 2.1 s');
  await expect(stages.getByRole('alert')).toContainText('KVM opens but does not run guests');
  await stages.getByRole('button', { name: 'Technical details' }).click();
  await expect(stages).toContainText('KVM_RUN did not return');
  await stages.getByRole('button', { name: 'Check again' }).click();
  await expectRequest(host, 'POST /api/machine/recheck-accelerator');
  await page.getByRole('button', { name: 'Stop starting' }).click();
  await expectRequest(host, 'POST /api/machine/stop');
  host.setState(runningState());
  await expect(page.getByRole('heading', { name: 'Machine', level: 1 })).toBeVisible();
});

test('the engine chip shows the state everywhere and what can be done', async ({ open, host }) => {
  const page = await open('/images');
  await page.getByRole('button', { name: /^Engine/ }).click();
  const panel = page.getByRole('dialog', { name: 'Engine: Running' });
  await expect(panel).toContainText('Engine 0.1.0');
  await panel.getByRole('button', { name: 'Restart engine' }).click();
  await expectRequest(host, 'POST /api/engine/restart');
  await panel.getByRole('link', { name: 'Machine details' }).click();
  await expect(page).toHaveURL(/\/machine$/);
  host.setState(stoppedState());
  await page.getByRole('button', { name: /^Engine.*Stopped/ }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Start machine' }).click();
  await expectRequest(host, 'POST /api/machine/start');
});

test('every problem has words in both languages, and each of its buttons does something', async ({
  open,
  host,
}) => {
  const page = await open('/machine');
  const calls: Record<string, string> = {
    retry: 'POST /api/machine/start',
    start: 'POST /api/machine/start',
    restart: 'POST /api/machine/restart',
    reconnect: 'POST /api/machine/reconnect',
    'restart-engine': 'POST /api/engine/restart',
    'recheck-accelerator': 'POST /api/machine/recheck-accelerator',
    'use-qemu': 'POST /api/settings',
  };
  const titles = new Set<string | null>();
  for (const language of ['en', 'zh-CN']) {
    host.settings = { ...host.settings, language };
    await page.reload();
    await expect(page.locator('html')).toHaveAttribute('lang', language);
    for (const code of Object.keys(problemActions) as ProblemCode[]) {
      host.setState(problemState(code));
      const box = page.getByRole('main').getByRole('alert');
      const title = box.locator('p').first();
      // A title of its own, and words instead of a key.
      await expect.poll(async () => titles.has(await title.textContent()), { message: code }).toBe(false);
      titles.add(await title.textContent());
      await expect(title).not.toContainText('problem.');
      const buttons = box.getByRole('button');
      await expect(buttons).toHaveCount(problemActions[code].length + 1);
      for (const [index, action] of problemActions[code].entries()) {
        const call = calls[action];
        const before = host.requests.length;
        await buttons.nth(index).click();
        if (call) await expect.poll(() => host.requests.slice(before)).toContain(call);
        else if (action === 'show-log') await expect(page.getByRole('log')).toBeVisible();
        else {
          await expect(page.getByRole('dialog')).toContainText('qemu-system-x86');
          await page.keyboard.press('Escape');
          await expect(page.getByRole('dialog')).toHaveCount(0);
        }
      }
    }
  }
});

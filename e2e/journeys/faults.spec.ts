import { machineFiles } from '../../electron/host/files.ts';
import enCommon from '../../renderer/messages/en/common.ts';
import en from '../../renderer/messages/en/machine.ts';
import zhCommon from '../../renderer/messages/zh-CN/common.ts';
import zh from '../../renderer/messages/zh-CN/machine.ts';
import { connectInside } from '../machine/inside.ts';
import { expect, journeyMs, test } from './journey.ts';

test.setTimeout(journeyMs);
test.use({ actionTimeout: 30_000 });

const languages = [
  { name: 'English', language: 'en', words: en, common: enCommon },
  { name: 'Chinese', language: 'zh-CN', words: zh, common: zhCommon },
] as const;
const { currentBundle } = machineFiles;

test.afterEach(async ({ machine }) => {
  await machine.start();
  await machine.host.changeSettings({ language: 'en' });
});

for (const { name, language, words, common } of languages) {
  test(`killed parts are told in ${name}, and the button beside it mends`, async ({ open, machine }) => {
    await machine.host.changeSettings({ language });
    const page = await open('/machine');
    await expect(page.locator('html')).toHaveAttribute('lang', language);
    const problem = page.getByRole('main').getByRole('alert');
    const isWell = machine.until.bind(
      machine,
      ({ phase, engine }) => phase === 'running' && engine.phase === 'running',
    );
    await isWell();
    const mend = async (action: keyof typeof words.action, call: string) => {
      const asked = page.waitForResponse(`**${call}`);
      await problem.getByRole('button', { name: words.action[action], exact: true }).click();
      await asked;
      await isWell();
    };

    await test.step('the engine', async () => {
      const link = await connectInside(machine);
      // Without its bundle init cannot start it again: only what the button does can.
      await link.exec(`mv ${currentBundle} ${currentBundle}.aside; kill -9 $(pidof node)`);
      link.close();
      await expect(problem.getByText(words.problem['engine-exited'].title)).toBeVisible();
      await expect(problem.getByText(words.problem['engine-exited'].text)).toBeVisible();
      await mend('restart-engine', '/api/engine/restart');
      await expect(problem.getByText(words.problem['engine-exited'].title)).toHaveCount(0);
    });

    await test.step('sshd', async () => {
      const link = await connectInside(machine);
      // The listener holds still for a while, so that it is not the host's own attempts that mend.
      const listener =
        'listener=$(cat /proc/1/task/1/children | tr " " "\\n" | grep -xF "$(pidof sshd | tr " " "\\n")")';
      const hold = '(kill -STOP $listener; sleep 6; kill -CONT $listener) >/dev/null 2>&1 &';
      await link.exec(`${listener}; ${hold} kill -9 $(pidof sshd-session)`).catch(() => undefined);
      await expect(problem.getByText(words.problem['ssh-lost'].title)).toBeVisible();
      await expect(problem.getByText(words.problem['ssh-lost'].text)).toBeVisible();
      await mend('reconnect', '/api/machine/reconnect');
      await expect(problem.getByText(words.problem['ssh-lost'].title)).toHaveCount(0);
    });

    await test.step('QEMU', async () => {
      process.kill(machine.qemuPid(), 'SIGKILL');
      await expect(problem.getByText(words.problem['qemu-exited'].title)).toBeVisible();
      await expect(problem.getByText(words.problem['qemu-exited'].text)).toBeVisible();
      await mend('start', '/api/machine/start');
      await expect(problem.getByText(words.problem['qemu-exited'].title)).toHaveCount(0);
    });

    await test.step('the host', async () => {
      process.kill(machine.hostPid(), 'SIGKILL');
      const lost = common.lost.host.split('{{attempt}}')[0] as string;
      await expect(page.getByRole('alert').getByText(lost)).toBeVisible();
      // What mends it is the command, or the app's next start; the open page finds its host again.
      expect((await machine.berth(['open'])).code).toBe(0);
      await expect(page.getByRole('alert').getByText(lost)).toHaveCount(0);
      await isWell();
    });
  });
}

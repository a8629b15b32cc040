import { ControlWalk, type Screen } from './controls.ts';
import type { FakeHost } from './fake-host.ts';
import { expect, test } from './page.ts';
import { id } from './recorded.ts';
import { engineLostState, startingState, stoppedState } from './recorded-machine.ts';

/** One container of each kind is enough: every row has the same controls. */
function few(host: FakeHost): void {
  const names = ['web', 'loadgen', 'old-mysql'].map(id);
  host.engine.containers = host.engine.containers.filter(({ Id }) => names.includes(Id));
  host.engine.images = host.engine.images.filter(({ RepoTags }) =>
    ['storefront-web:dev', 'storefront-api:dev', 'debian:trixie-slim'].includes(RepoTags[0] ?? ''),
  );
}

const detail = '[role=region][aria-label="web"], section[aria-label="web"]';
const image = '/images/storefront-web%3Adev';

const screens: Record<string, Screen[]> = {
  'the window and its list of containers': [{ name: 'containers', path: '/containers', host: few }],
  'the run dialog': [{ name: 'run', path: '/containers?run=nginx:1.31', host: few, within: '[role=dialog]' }],
  'a container and its log': ['logs', 'terminal'].map((tab) => ({
    name: tab,
    path: `/containers/${id('web')}/${tab}`,
    host: few,
    within: detail,
  })),
  'a container': [
    ...['inspect'].map((tab) => ({
      name: tab,
      path: `/containers/${id('web')}/${tab}`,
      host: few,
      within: detail,
    })),
    { name: 'layers', path: `/containers/${id('web')}/layers?full=1`, host: few, within: detail },
    {
      name: 'failed',
      path: `/containers/${id('migrate')}/logs`,
      within: 'section[aria-label="migrate"]',
    },
    {
      name: 'dock',
      path: `/containers/${id('web')}/terminal`,
      host: few,
      within: 'aside',
      prepare: async (page) => {
        await page.getByRole('button', { name: 'New terminal in web' }).click();
        await page.locator('.xterm-rows').getByText('root@web').waitFor();
      },
    },
  ],
  images: [
    { name: 'images', path: '/images', host: few, within: 'main' },
    {
      name: 'what uses an image',
      path: '/images',
      host: few,
      within: '[role=row]',
      prepare: (page) => page.getByRole('button', { name: 'Show what uses storefront-api' }).click(),
    },
    {
      name: 'a pull',
      path: '/images',
      within: 'section[aria-label="Pulling redis:8"]',
      host: (host) => {
        few(host);
        host.engine.pullHeld = new Promise(() => {});
      },
      prepare: async (page) => {
        await page.getByRole('button', { name: 'Pull', exact: true }).click();
        await page.getByRole('textbox', { name: 'Image' }).fill('redis:8');
        await page.getByRole('dialog').getByRole('button', { name: 'Pull' }).click();
        await page.getByText('Downloading').first().waitFor();
      },
    },
  ],
  'an image': ['overview', 'layers', 'config', 'history'].map((tab) => ({
    name: tab,
    path: `${image}/${tab}`,
    host: few,
    within: 'main',
  })),
  'the machine': [
    { name: 'running', path: '/machine', host: few, within: 'main' },
    { name: 'starting', path: '/machine', host: (host) => host.setState(startingState()), within: 'main' },
    { name: 'stopped', path: '/machine', host: (host) => host.setState(stoppedState()), within: 'main' },
    {
      name: 'engine lost',
      path: '/machine',
      host: (host) => host.setState(engineLostState()),
      within: 'main',
    },
    {
      name: 'stopped list',
      path: '/containers',
      host: (host) => host.setState(stoppedState()),
      within: 'main',
    },
  ],
};

for (const [name, list] of Object.entries(screens))
  test(`every control of ${name} does something`, async ({ page, context, host }) => {
    test.setTimeout(240_000);
    const walk = new ControlWalk(page, context, host);
    await walk.start();
    for (const screen of list) await walk.screen(screen);
    test.info().annotations.push({ type: 'activated', description: walk.activated.join('\n') });
    expect(walk.dead, `dead among ${walk.activated.length} controls`).toEqual([]);
    expect(walk.activated.length).toBeGreaterThan(10);
  });

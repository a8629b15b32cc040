import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test as base, expect, type Page } from '@playwright/test';
import { type SharedMachine, sharedMachineVariable, startSharedMachine } from '../machine/shared-machine.ts';
import { TestMachine } from '../machine/test-machine.ts';

interface Journey {
  /** Opens a path of the real app, signed in by a token that the host minted for it. */
  open: (path?: string, page?: Page) => Promise<Page>;
}

interface JourneyMachine {
  shared: SharedMachine;
  machine: TestMachine;
}

/** Time of one test that boots or waits for an emulated machine. */
export const journeyMs = 300_000;

/**
 * Tests of the real app in a real browser: the host, the machine and the engine behind it are real too. An exception or
 * a breach of the content policy in the page fails the test.
 */
export const test = base.extend<Journey, JourneyMachine>({
  shared: [
    // biome-ignore lint/correctness/noEmptyPattern: the runner reads the names of a pattern
    async ({}, use) => {
      const given = process.env[sharedMachineVariable];
      if (given !== undefined) return await use(JSON.parse(given) as SharedMachine);
      const { shared, end } = await startSharedMachine();
      await use(shared);
      await end();
    },
    { scope: 'worker', timeout: journeyMs },
  ],
  machine: [
    async ({ shared }, use) => {
      const machine = new TestMachine(shared);
      await machine.start();
      await use(machine);
    },
    { scope: 'worker', timeout: journeyMs },
  ],
  open: async ({ page, machine }, use) => {
    const failures: string[] = [];
    const watch = (watched: Page) => {
      watched.on('pageerror', (error) => failures.push(error.stack || `${error.name}: ${error.message}`));
      watched.on('console', (message) => {
        if (/Content Security Policy|Minified React error/.test(message.text()))
          failures.push(message.text());
      });
    };
    await use(async (path = '/containers', opened = page) => {
      watch(opened);
      const url = new URL((await machine.page()).url);
      url.pathname = path;
      await opened.goto(url.href);
      await opened.getByRole('main').waitFor();
      return opened;
    });
    expect(failures, 'errors of the page').toEqual([]);
  },
});

export { expect };

/** Where pictures go: into the documents when the run is to renew them, else beside the other results. */
const pictures = process.env.BERTH_PICTURES ?? 'build/reports/pictures';

/** Takes the window as it is, light and dark, once nothing moves. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(pictures, { recursive: true });
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.screenshot({
      path: join(pictures, `${name}-${colorScheme}.png`),
      animations: 'disabled',
      caret: 'hide',
    });
  }
  await page.emulateMedia({ colorScheme: 'light' });
}

/** A port of this computer's loopback that nobody uses at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

import { test as base, expect, type Locator, type Page } from '@playwright/test';
import { FakeHost } from './fake-host.ts';

interface Fixtures {
  /** The host of this test alone. */
  host: FakeHost;
  /** Opens a path of the page, signed in by a one-time token, and waits for the window's frame. */
  open: (path?: string) => Promise<Page>;
}

/**
 * A test with a host and a page of its own. An exception or a breach of the content policy in the page fails the
 * test, whatever else it looks at.
 */
export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: the runner reads the names of a pattern
  host: async ({}, use) => {
    await using host = await FakeHost.start();
    await use(host);
  },
  open: async ({ page, host }, use) => {
    const failures: string[] = [];
    page.on('pageerror', (error) => failures.push(error.stack || `${error.name}: ${error.message}`));
    page.on('console', (message) => {
      if (/Content Security Policy|Minified React error/.test(message.text())) failures.push(message.text());
    });
    await use(async (path = '/containers') => {
      await page.goto(host.url(path));
      // Not by its role: a dialog that is open from the start hides it from readers.
      await page.locator('main').waitFor();
      return page;
    });
    expect(failures, 'errors of the page').toEqual([]);
  },
});

/** The row of a list by the name in it. */
export function row(page: Page, name: string): Locator {
  return page.getByRole('row').filter({ has: page.getByText(name, { exact: true }) });
}

/** Waits until the page has asked the host for this, as "METHOD /path" or a part of it. */
export async function expectRequest(host: FakeHost, wanted: string | RegExp): Promise<void> {
  const asked = (request: string) =>
    typeof wanted === 'string' ? request.includes(wanted) : wanted.test(request);
  await expect.poll(() => host.requests.some(asked), { message: `request ${wanted}` }).toBe(true);
}

export { expect };

import { defineConfig } from '@playwright/test';

/**
 * Tests in a real Chromium: the system's own, since nothing is to be downloaded. The switches keep it quiet and
 * steady where there is no GPU, no session bus and no network beyond loopback.
 */
const launchOptions = {
  executablePath: '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};

export default defineConfig({
  outputDir: 'build/reports/playwright',
  forbidOnly: true,
  retries: 0,
  // Two browsers on two cores; a third would only make the others wait.
  workers: 2,
  // Shared and noisy cores: a wait ends when its state is there, and the limit only catches what never comes.
  timeout: 90_000,
  expect: { timeout: 20_000 },
  use: {
    browserName: 'chromium',
    launchOptions,
    viewport: { width: 1440, height: 900 },
    locale: 'en-US',
    timezoneId: 'UTC',
    trace: 'off',
    screenshot: 'only-on-failure',
  },
  projects: [
    { name: 'pages', testDir: 'e2e/pages', fullyParallel: true },
    // Writes pictures of every screen: npm run screenshots.
    { name: 'screenshots', testDir: 'e2e/pages', testMatch: '**/*.shots.ts', fullyParallel: true },
    // One machine, and one person at it.
    { name: 'journey', testDir: 'e2e/journeys', workers: 1, fullyParallel: false },
  ],
});

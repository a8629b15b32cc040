import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Browser, chromium, type Page } from '@playwright/test';
import type { ContainerSummary } from '../../engine/api/containers.ts';
import { FakeHost } from '../pages/fake-host.ts';

/** The page's budgets, measured in a real Chromium against recorded data: what the user interface has to keep to. */
export interface PageFigure {
  name: string;
  value: number;
  unit: 'kB' | 'ms' | '%';
  budget: number;
}

const assets = 'build/renderer/assets';
const rounds = 5;
const manyRows = 1000;

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Bytes of every script that a first load of the list executes before it can be used, as gzip sends them. */
async function initialScriptBytes(page: Page, host: FakeHost): Promise<number> {
  const loaded = new Set<string>();
  page.on('request', (request) => {
    const name = new URL(request.url()).pathname.split('/').at(-1) ?? '';
    if (name.endsWith('.js')) loaded.add(name);
  });
  // What is fetched in the background afterwards is no part of the first load.
  await page.addInitScript(() => {
    window.requestIdleCallback = () => 0;
  });
  await page.goto(host.url('/containers'));
  await page.locator('[role=row][data-index]').first().waitFor();
  return readdirSync(assets)
    .filter((name) => loaded.has(name))
    .reduce((sum, name) => sum + gzipSync(readFileSync(join(assets, name))).length, 0);
}

/** First paint and the first row on the screen, in ms from the navigation, each load with an empty cache. */
async function loadTimes(browser: Browser, host: FakeHost): Promise<{ paintMs: number; listMs: number }> {
  const paints: number[] = [];
  const lists: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(host.url('/containers'));
    await page.locator('[role=row][data-index]').first().waitFor();
    lists.push(await page.evaluate(() => performance.now()));
    paints.push(
      await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0),
    );
    await context.close();
  }
  return { paintMs: median(paints), listMs: median(lists) };
}

function many(host: FakeHost): void {
  const [template] = host.engine.containers as [ContainerSummary];
  host.engine.containers = Array.from({ length: manyRows }, (_, index) => ({
    ...template,
    Id: index.toString(16).padStart(64, '0'),
    Names: [`/row-${String(index).padStart(4, '0')}`],
  }));
}

/** The main thread's share while every one of 1,000 rows changes once a second, for five seconds. */
async function updateShare(page: Page, host: FakeHost): Promise<number> {
  many(host);
  await page.goto(host.url('/containers'));
  await page.locator('[role=row][data-index]').first().waitFor();
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const taskSeconds = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0;
  };
  const before = await taskSeconds();
  const seconds = 5;
  for (let second = 0; second < seconds; second++) {
    const State = second % 2 === 0 ? 'paused' : 'running';
    host.engine.containers = host.engine.containers.map((row) => ({
      ...row,
      State,
      Status: State === 'paused' ? 'Up 3 minutes (Paused)' : 'Up 3 minutes',
    }));
    host.engine.emit('container', State, host.engine.containers[0]?.Id ?? '');
    await page.waitForTimeout(1000);
  }
  return ((await taskSeconds()) - before) / seconds;
}

/** All figures of the page. The renderer has to be built. */
export async function pageFigures(): Promise<PageFigure[]> {
  await using host = await FakeHost.start();
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
  });
  try {
    const bytes = await initialScriptBytes(await browser.newPage(), host);
    const { paintMs, listMs } = await loadTimes(browser, host);
    const share = await updateShare(await browser.newPage(), host);
    return [
      { name: 'JavaScript of the first load, gzip', value: bytes / 1000, unit: 'kB', budget: 180 },
      { name: 'first paint', value: paintMs, unit: 'ms', budget: 250 },
      { name: 'list usable', value: listMs, unit: 'ms', budget: 600 },
      { name: '1,000 rows all changed once a second, main thread', value: share * 100, unit: '%', budget: 5 },
    ];
  } finally {
    await browser.close();
  }
}

if (import.meta.main)
  for (const { name, value, unit, budget } of await pageFigures())
    console.log(`${name.padEnd(54)} ${value.toFixed(1).padStart(8)} ${unit}   budget ${budget} ${unit}`);

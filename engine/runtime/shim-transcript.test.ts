import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { TestRuntime } from './container.fixture.ts';
import { programPath } from './programs.ts';
import { readTranscript, replay } from './shim-transcript.fixture.ts';

/** Engines of every release meet shims of today, and the reverse: what each of them relied on must hold for ever. */
const directory = join(import.meta.dirname, 'fixtures');
const shimPath = process.env.BERTH_TEST_SHIM ?? programPath('berth-shim');

let host: TestRuntime;
beforeAll(async () => {
  host = await TestRuntime.open('golden');
});
afterAll(() => host[Symbol.asyncDispose]());

describe.each(readdirSync(directory).filter((name) => name.endsWith('.transcript')))('%s', (file) => {
  test.each(readTranscript(join(directory, file)))('$name', async ({ steps }) => {
    await replay(host, shimPath, steps);
  });
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ErrorCode, errorCodes } from '../../engine/api/errors.ts';
import { statusOfKind } from '../../engine/http/status.ts';
import { startEngine, type TestEngine } from './engine.ts';
import { containers } from './provocations/containers.ts';
import type { Provocations } from './provocations/provocation.ts';
import { registries } from './provocations/registries.ts';
import { requests } from './provocations/requests.ts';
import { starts } from './provocations/starts.ts';
import { stored } from './provocations/stored.ts';

/** Every code of the API is provoked for real, here or in the test file named. */
const elsewhere: Partial<Record<ErrorCode, string>> = {
  'disk-full': 'e2e/engine/disk-full.test.ts',
  // The client that cancelled is not there to read it.
  canceled: 'engine/registry/transport.test.ts',
};

const here: Provocations = { ...requests, ...containers, ...starts, ...stored, ...registries };

let engine: TestEngine;
let desktop: TestEngine;
beforeAll(async () => {
  engine = await startEngine();
  desktop = await startEngine({ bindSource: 'desktop' });
  await Promise.all([engine.importBusybox(), desktop.importBusybox()]);
});
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
  await desktop?.[Symbol.asyncDispose]();
});

describe('each code is answered with its status and Docker’s text', () => {
  test.each(Object.entries(here))('%s', async (code, provoke) => {
    const answer = await provoke({ engine, desktop });
    const status = statusOfKind[errorCodes[code as ErrorCode]];
    if (status === 304) {
      expect(answer).toMatchObject({ status, message: '' });
      return;
    }
    expect(answer).toMatchObject({ code });
    expect(answer.message).not.toBe('');
    // A stream that fails has its 200 behind it.
    expect([status, 200]).toContain(answer.status);
  });
});

test('no code is left out', () => {
  expect([...Object.keys(here), ...Object.keys(elsewhere)].sort()).toEqual(Object.keys(errorCodes).sort());
  for (const [code, file] of Object.entries(elsewhere)) {
    expect(readFileSync(join(import.meta.dirname, '../..', file), 'utf8')).toContain(code);
  }
});

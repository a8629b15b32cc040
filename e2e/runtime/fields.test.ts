import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestBundle } from './bundle.ts';
import { rows } from './fields/rows.ts';
import { schemaFields } from './fields/schema.ts';

/**
 * docs/oci.md has one row for each field of the runtime-spec's schema for Linux, and what it says is what these tests
 * have seen happen.
 */
let bundle: TestBundle;
beforeAll(() => {
  bundle = new TestBundle();
});
beforeEach(() => bundle.reset());
afterAll(() => bundle?.[Symbol.asyncDispose]());

test('every field of the schema has its proof, and nothing else has', () => {
  expect(Object.keys(rows).sort()).toEqual([...schemaFields].sort());
});

test('docs/oci.md says for every field what was proved', () => {
  const wanted = schemaFields.map((field) => `| \`${field}\` | ${rows[field]?.does} |`);
  const written = readFileSync('docs/oci.md', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.replaceAll(/ +\|/g, ' |'));
  expect(written).toEqual(wanted);
});

describe('what becomes of', () => {
  test.each(Object.entries(rows))('%s', async (_field, { proof }) => {
    await proof(bundle);
  });
});

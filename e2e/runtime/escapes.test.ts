import { describe, expect, test } from 'vitest';
import { attacks } from './attacks/attacks.ts';
import { TestBundle } from './bundle.ts';

/** That each attack succeeds where its guard is left out is shown by npm run proof -- escapes. */
describe('no way out by', () => {
  test.each(attacks.map((attack) => [`${attack.name} (${attack.published})`, attack] as const))(
    '%s',
    async (_name, { attempt }) => {
      await using bundle = new TestBundle();
      expect(await attempt(bundle)).toBe(false);
    },
  );
});

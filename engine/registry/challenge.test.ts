import { expect, test } from 'vitest';
import { parseChallenge } from './challenge.ts';

test.each([
  ['Basic realm="x"', 'basic', { realm: 'x' }],
  ['basic', 'basic', {}],
  [
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
    'bearer',
    {
      realm: 'https://auth.docker.io/token',
      service: 'registry.docker.io',
      scope: 'repository:a/b:pull,push',
    },
  ],
  ['BEARER Realm="x", Service=y', 'bearer', { realm: 'x', service: 'y' }],
  ['Bearer realm="x",error="insufficient_scope"', 'bearer', { realm: 'x', error: 'insufficient_scope' }],
])('%s', (header, scheme, parameters) => {
  expect(parseChallenge(header)).toEqual({ scheme, parameters });
});

test.each([undefined, '', 'Digest realm="x"', 'Negotiate', 'Bearerish x=y'])(
  '%s is none of ours',
  (header) => {
    expect(parseChallenge(header)).toBeUndefined();
  },
);

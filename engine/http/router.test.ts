import { expect, test } from 'vitest';
import { Router, route, splitVersion } from './router.ts';

const named = (name: string) => Object.assign(() => {}, { label: name });
const router = new Router([
  route('GET', '/images/json', named('list')),
  route('GET', '/images/*name/json', named('inspect')),
  route('DELETE', '/images/*name', named('remove')),
  route('GET', '/containers/:id/json', named('container')),
]);
const label = (method: string, path: string) => {
  const found = router.find(method, path);
  return found && [(found.handler as unknown as { label: string }).label, found.params];
};

test('an image name may contain slashes, a container id may not', () => {
  expect(label('GET', '/images/json')).toEqual(['list', {}]);
  expect(label('GET', '/images/127.0.0.1:5000/a/b:c/json')).toEqual([
    'inspect',
    { name: '127.0.0.1:5000/a/b:c' },
  ]);
  expect(label('DELETE', '/images/a%2Fb@sha256%3Aab')).toEqual(['remove', { name: 'a/b@sha256:ab' }]);
  expect(label('GET', '/containers/a/b/json')).toBeUndefined();
});

test('an unknown method or path finds nothing', () => {
  expect(label('POST', '/containers/a/json')).toBeUndefined();
  expect(label('GET', '/nothing')).toBeUndefined();
});

test('the version prefix is split off', () => {
  expect(splitVersion('/v1.24/info')).toEqual({ version: '1.24', path: '/info' });
  expect(splitVersion('/info')).toEqual({ version: undefined, path: '/info' });
});

import { expect, test } from 'vitest';
import { checkVolumeName, parseBind, parseMount } from './mount-spec.ts';

test.each([
  ['/a:/b', { type: 'bind', source: '/a', destination: '/b', readOnly: false, propagation: 'rprivate' }],
  ['/a/../c/:/b/', { source: '/c', destination: '/b' }],
  ['/a:/b:ro,rshared', { readOnly: true, propagation: 'rshared', mode: 'ro,rshared' }],
  ['/a:/b:cached', { readOnly: false }],
  ['data:/b', { type: 'volume', name: 'data', mode: 'z', copyUp: true, anonymous: false }],
  ['data:/b:nocopy', { copyUp: false }],
  ['/b', { type: 'volume', destination: '/b', anonymous: true }],
])('-v %s', (text, expected) => {
  expect(parseBind(text)).toMatchObject(expected);
});

test('a bind of -v makes its source, one of --mount only where it is asked to', () => {
  expect(parseBind('/a:/b').createSource).toBe(true);
  const mount = { Type: 'bind', Source: '/a', Target: '/b' };
  expect(parseMount(mount)?.createSource).toBe(false);
  expect(parseMount({ ...mount, BindOptions: { CreateMountpoint: true } })?.createSource).toBe(true);
});

test.each([
  ['', /invalid volume specification/],
  ['a:/b:ro:more', /invalid volume specification/],
  [':/b', /invalid volume specification/],
  ['/a:b', /mount path must be absolute/],
  ['/a:/', /destination can't be '\/'/],
  ['/a:/b:sideways', /invalid mode: sideways/],
  ['.:/b', /includes invalid characters for a local volume name/],
])('-v %j is refused', (text, message) => {
  expect(() => parseBind(text)).toThrow(message);
});

test.each([
  [{ Type: 'bind', Target: '/b' }, /field Source must not be empty/],
  [{ Type: 'bind', Source: 'a', Target: '/b' }, /mount path must be absolute/],
  [{ Type: 'volume', Target: '' }, /field Target must not be empty/],
  [{ Type: 'npipe', Target: '/b' }, /mount type unknown/],
  [
    { Type: 'volume', Target: '/b', VolumeOptions: { DriverConfig: { Name: 'nfs' } } },
    /no volume driver "nfs"/,
  ],
])('--mount %j is refused', (request, message) => {
  expect(() => parseMount(request)).toThrow(message);
});

test('--mount knows subpaths, non-recursive binds and tmpfs', () => {
  const subpath = { Type: 'volume', Source: 'vol', Target: '/b', VolumeOptions: { Subpath: 'x/y' } };
  expect(parseMount(subpath)).toMatchObject({ name: 'vol', subpath: 'x/y' });
  const flat = { Type: 'bind', Source: '/a', Target: '/b', BindOptions: { NonRecursive: true } };
  expect(parseMount(flat)).toMatchObject({ recursive: false });
  expect(parseMount({ Type: 'tmpfs', Target: '/b' })).toBeUndefined();
});

test('names of volumes follow Docker’s rule', () => {
  expect(() => checkVolumeName('a_1.-')).not.toThrow();
  for (const name of ['a', '-a', 'a/b', 'ä1'])
    expect(() => checkVolumeName(name)).toThrow(/includes invalid/);
});

import { describe, expect, test } from 'vitest';
import type { BerthError } from '../errors.ts';
import {
  choosePlatform,
  fitsPlatform,
  type Index,
  machinePlatform,
  parseManifest,
  parsePlatform,
  showPlatform,
} from './manifest.ts';

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;
const bytesOf = (value: unknown) => ({ bytes: Buffer.from(JSON.stringify(value)) });
const blob = (letter: string, size = 1) => ({ mediaType: 'x', digest: digest(letter), size });

describe('manifests', () => {
  test('an image and an index are told apart by what they hold, whatever they are called', () => {
    const image = { schemaVersion: 2, mediaType: 'wrong', config: blob('a'), layers: [blob('b')] };
    expect(parseManifest(bytesOf(image))).toMatchObject({
      kind: 'manifest',
      manifest: { layers: [blob('b')] },
    });
    const index = {
      schemaVersion: 2,
      manifests: [{ ...blob('c'), platform: { os: 'linux', architecture: 'arm64' } }],
    };
    expect(parseManifest(bytesOf(index))).toMatchObject({ kind: 'index' });
  });

  const bad: [string, unknown][] = [
    ['no object', 1],
    ['null', null],
    ['an empty object', {}],
    ['schema 1', { schemaVersion: 1, fsLayers: [] }],
    [
      'a digest that leads elsewhere',
      { schemaVersion: 2, config: { ...blob('a'), digest: '../../etc' }, layers: [] },
    ],
    ['another algorithm', { schemaVersion: 2, config: { ...blob('a'), digest: 'md5:00' }, layers: [] }],
    ['a negative size', { schemaVersion: 2, config: blob('a', -1), layers: [] }],
    ['a size that is no number', { schemaVersion: 2, config: { ...blob('a'), size: '1' }, layers: [] }],
    ['a fraction of a byte', { schemaVersion: 2, config: blob('a', 0.5), layers: [] }],
    ['layers that are no list', { schemaVersion: 2, config: blob('a'), layers: {} }],
    ['an index of nonsense', { schemaVersion: 2, manifests: [1] }],
  ];
  test.each(bad)('%s is refused with what is wrong', (_, value) => {
    expect(() => parseManifest(bytesOf(value))).toThrow(
      expect.objectContaining({ code: 'registry-failed', message: expect.stringMatching(/manifest/i) }),
    );
  });

  test('what is no JSON', () => {
    for (const text of ['', '<html>', '{', '\0']) {
      expect(() => parseManifest({ bytes: Buffer.from(text) })).toThrow(/^invalid manifest: /);
    }
  });

  test('bytes changed at random never do worse than a refusal', () => {
    const image = Buffer.from(
      JSON.stringify({ schemaVersion: 2, config: blob('a'), layers: [blob('b'), blob('c')] }),
    );
    let state = 7;
    const next = (below: number) => {
      state = (state * 1103515245 + 12345) % 2 ** 31;
      return state % below;
    };
    let refused = 0;
    for (let round = 0; round < 5000; round++) {
      const bytes = Buffer.from(image);
      for (let change = 0; change <= next(4); change++) bytes[next(bytes.length)] = next(256);
      try {
        const parsed = parseManifest({ bytes });
        if (parsed.kind === 'manifest') {
          for (const layer of parsed.manifest.layers) expect(layer.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
        }
      } catch (error) {
        expect((error as BerthError).code).toBe('registry-failed');
        refused += 1;
      }
    }
    expect(refused).toBeGreaterThan(1000);
  });
});

describe('platforms', () => {
  test.each([
    ['linux/amd64', 'linux/amd64'],
    ['linux/arm/v7', 'linux/arm/v7'],
    ['LINUX/AMD64', 'linux/amd64'],
    ['linux/x86_64', 'linux/amd64'],
    ['linux/aarch64', 'linux/arm64'],
    ['arm64', 'linux/arm64'],
    ['armhf', 'linux/arm/v7'],
    ['windows/amd64', 'windows/amd64'],
    ['linux', `linux/${machinePlatform().architecture}`],
  ])('%s is %s', (text, shown) => {
    expect(showPlatform(parsePlatform(text))).toBe(shown);
  });

  test.each([
    ['foo', '"foo": unknown operating system or architecture: invalid argument'],
    ['a/b/c/d', '"a/b/c/d": cannot parse platform specifier: invalid argument'],
    ['linux/', '"linux/": "" is an invalid component of a platform specifier: invalid argument'],
    ['linux/a b', '"linux/a b": "a b" is an invalid component of a platform specifier: invalid argument'],
  ])('%j is refused', (text, words) => {
    expect(() => parsePlatform(text)).toThrow(
      expect.objectContaining({ code: 'bad-parameter', message: words }),
    );
  });

  const index = (...platforms: string[]): Index => ({
    schemaVersion: 2,
    manifests: platforms.map((text, at) => {
      const [os = '', architecture = '', variant] = text.split('/');
      const platform = { os, architecture, ...(variant === undefined ? {} : { variant }) };
      return { ...blob(String(at)), platform };
    }),
  });
  const chosen = (of: Index, wanted: string) => {
    const { platform } = choosePlatform(of, parsePlatform(wanted));
    return showPlatform({ os: '', architecture: '', ...platform });
  };

  test('the entry of an index', () => {
    const many = index('linux/amd64', 'linux/arm/v6', 'linux/arm/v7', 'linux/arm64/v8', 'windows/amd64');
    expect(chosen(many, 'linux/amd64')).toBe('linux/amd64');
    expect(chosen(many, 'linux/arm/v7')).toBe('linux/arm/v7');
    expect(chosen(many, 'linux/arm')).toBe('linux/arm/v6');
    expect(chosen(many, 'linux/arm64')).toBe('linux/arm64/v8');
    expect(chosen(index('linux/arm64'), 'linux/arm64/v8')).toBe('linux/arm64');
  });

  test('none that fits is no-platform, with what there is', () => {
    expect(() => chosen(index('linux/amd64', 'linux/arm64'), 'linux/s390x')).toThrow(
      expect.objectContaining({
        code: 'no-platform',
        message: 'no matching manifest for linux/s390x in the manifest list entries',
        params: { platform: 'linux/s390x', available: 'linux/amd64, linux/arm64' },
      }),
    );
  });

  test('an image fits where os and architecture do, and the variant where both say one', () => {
    const fits = (has: string, wanted: string) => fitsPlatform(parsePlatform(has), parsePlatform(wanted));
    expect(fits('linux/amd64', 'linux/amd64')).toBe(true);
    expect(fits('linux/arm/v7', 'linux/arm')).toBe(true);
    expect(fits('linux/arm/v7', 'linux/arm/v6')).toBe(false);
    expect(fits('linux/amd64', 'linux/arm64')).toBe(false);
  });
});

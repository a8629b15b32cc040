import { describe, expect, test } from 'vitest';
import { BerthError } from '../errors.ts';
import { familiar, parseReference, repositoryName, withDefaultTag } from './reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;

/** What people write, the full name that it means, and how it is shown. */
const names: [text: string, repository: string, rest: { tag?: string; digest?: string }, shown: string][] = [
  ['nginx', 'docker.io/library/nginx', {}, 'nginx'],
  ['nginx:1.25', 'docker.io/library/nginx', { tag: '1.25' }, 'nginx:1.25'],
  ['library/nginx', 'docker.io/library/nginx', {}, 'nginx'],
  ['docker.io/nginx', 'docker.io/library/nginx', {}, 'nginx'],
  ['index.docker.io/library/nginx', 'docker.io/library/nginx', {}, 'nginx'],
  ['someone/nginx', 'docker.io/someone/nginx', {}, 'someone/nginx'],
  ['a/b/c', 'docker.io/a/b/c', {}, 'a/b/c'],
  ['localhost/x', 'localhost/x', {}, 'localhost/x'],
  ['localhost:5000/x', 'localhost:5000/x', {}, 'localhost:5000/x'],
  ['localhost:5000/x:y', 'localhost:5000/x', { tag: 'y' }, 'localhost:5000/x:y'],
  ['ghcr.io/a/b:v1', 'ghcr.io/a/b', { tag: 'v1' }, 'ghcr.io/a/b:v1'],
  ['Upper/x', 'Upper/x', {}, 'Upper/x'],
  ['[::1]:5000/x', '[::1]:5000/x', {}, '[::1]:5000/x'],
  ['127.0.0.1/x', '127.0.0.1/x', {}, '127.0.0.1/x'],
  [`nginx@${digest}`, 'docker.io/library/nginx', { digest }, `nginx@${digest}`],
  [`nginx:1@${digest}`, 'docker.io/library/nginx', { tag: '1', digest }, `nginx:1@${digest}`],
  ['a_b/c__d/e-f/g--h/i.j', 'docker.io/a_b/c__d/e-f/g--h/i.j', {}, 'a_b/c__d/e-f/g--h/i.j'],
  ['x:_', 'docker.io/library/x', { tag: '_' }, 'x:_'],
];

describe('names as people write them', () => {
  test.each(names)('%s is %s', (text, repository, rest, shown) => {
    const reference = parseReference(text);
    expect(repositoryName(reference)).toBe(repository);
    expect({ tag: reference.tag, digest: reference.digest }).toEqual({
      tag: undefined,
      digest: undefined,
      ...rest,
    });
    expect(familiar(reference)).toBe(shown);
    // What is shown means the same again.
    expect(parseReference(familiar(reference))).toEqual(reference);
  });
});

const refused: [text: string, words: string][] = [
  ['', 'invalid reference format'],
  [' ', 'invalid reference format'],
  ['Nginx', 'invalid reference format: repository name (library/Nginx) must be lowercase'],
  ['a/Nginx', 'invalid reference format: repository name (a/Nginx) must be lowercase'],
  ['a//b', 'invalid reference format'],
  ['/a', 'invalid reference format'],
  ['a/', 'invalid reference format'],
  ['a..b', 'invalid reference format'],
  ['a___b', 'invalid reference format'],
  ['-a', 'invalid reference format'],
  ['a-', 'invalid reference format'],
  ['x:', 'invalid reference format'],
  ['x:.y', 'invalid reference format'],
  [`x:${'y'.repeat(129)}`, 'invalid reference format'],
  ['x@sha256:abc', 'invalid reference format'],
  ['x@', 'invalid reference format'],
  ['x:y:z', 'invalid reference format'],
  ['a\nb', 'invalid reference format'],
  ['../x', 'invalid reference format'],
  ['a'.repeat(300), 'repository name must not be more than 255 characters'],
  ['a'.repeat(64), `invalid repository name (${'a'.repeat(64)}), cannot specify 64-byte hexadecimal strings`],
];

describe('what is no name', () => {
  test.each(refused)('%j', (text, words) => {
    expect(() => parseReference(text)).toThrow(new BerthError('bad-reference', words));
  });
});

test('latest is the tag where neither tag nor digest is given', () => {
  expect(withDefaultTag(parseReference('x')).tag).toBe('latest');
  expect(withDefaultTag(parseReference('x:1')).tag).toBe('1');
  expect(withDefaultTag(parseReference(`x@${digest}`)).tag).toBeUndefined();
});

test('whatever the text, it is a name that reads back as itself, or bad-reference', () => {
  const letters = [
    'a',
    'B',
    '0',
    '/',
    ':',
    '@',
    '.',
    '_',
    '-',
    '[',
    ']',
    ' ',
    '\0',
    'é',
    'sha256',
    'localhost',
    digest,
  ];
  let state = 1;
  const next = (below: number) => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return state % below;
  };
  let names = 0;
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: 1 + next(8) }, () => letters[next(letters.length)]).join('');
    try {
      const reference = parseReference(text);
      expect(parseReference(familiar(reference))).toEqual(reference);
      expect(repositoryName(reference)).not.toMatch(/\.\.|\0|\s/);
      names += 1;
    } catch (error) {
      expect(error).toBeInstanceOf(BerthError);
      expect((error as BerthError).code).toBe('bad-reference');
    }
  }
  expect(names).toBeGreaterThan(100);
});

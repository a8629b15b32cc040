import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { debianMirror, oneLineSources, stanzaSources } from './mirror.ts';

let apt: string;
beforeEach(() => {
  apt = mkdtempSync(join(tmpdir(), 'berth-apt-'));
  mkdirSync(join(apt, 'sources.list.d'));
});
afterEach(() => rmSync(apt, { recursive: true }));

test('the variable goes before apt', () => {
  expect(debianMirror({ BERTH_DEBIAN_MIRROR: 'http://mirror.example/debian/' }, apt)).toBe(
    'http://mirror.example/debian',
  );
});

test('skips security updates, other repositories and what is off', () => {
  writeFileSync(
    join(apt, 'sources.list.d', 'all.sources'),
    `Types: deb
URIs: https://packages.example/node
Suites: nodistro
Components: main

# a comment
Types: deb
Enabled: no
URIs: http://off.example/debian
Suites: bookworm
Components: main

Types: deb
URIs: http://security.example/debian-security
Suites: bookworm-security
Components: main

Types: deb deb-src
URIs: http://here.example/debian
Suites: bookworm
 bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
`,
  );
  expect(debianMirror({}, apt)).toBe('http://here.example/debian');
});

test('reads the one-line form, with options and comments', () => {
  const text =
    '# deb http://old.example/debian bookworm main\ndeb [arch=amd64 signed-by=/k] http://a.example/debian trixie main non-free # x\n';
  expect(oneLineSources(text)).toEqual([
    { uri: 'http://a.example/debian', suites: ['trixie'], components: ['main', 'non-free'] },
  ]);
  expect(stanzaSources('')).toEqual([]);
});

test('says what to set when apt knows no mirror', () => {
  expect(() => debianMirror({}, apt)).toThrow('BERTH_DEBIAN_MIRROR');
});

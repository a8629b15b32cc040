import { expect, test } from 'vitest';
import { InsecureRegistries, splitRegistry } from './hosts.ts';
import { loginDomain } from './login.ts';

test('loopback is spoken to without TLS, and what is named', () => {
  const insecure = new InsecureRegistries([
    'registry.test:5000',
    'plain.test',
    '10.1.0.0/16',
    'http://url.test',
    'fd00::/8',
  ]);
  for (const domain of ['localhost', 'localhost:5000', '127.0.0.1:1', '127.9.9.9', '[::1]:5000']) {
    expect([domain, insecure.allows(domain)]).toEqual([domain, true]);
  }
  for (const domain of [
    'registry.test:5000',
    'plain.test',
    'plain.test:99',
    '10.1.2.3:5000',
    'url.test',
    '[fd00::1]:5000',
  ]) {
    expect([domain, insecure.allows(domain)]).toEqual([domain, true]);
  }
  for (const domain of [
    'docker.io',
    'registry.test',
    'registry.test:5001',
    '10.2.0.1',
    'localhost.evil.test',
    '128.0.0.1',
    'x127.0.0.1',
  ]) {
    expect([domain, insecure.allows(domain)]).toEqual([domain, false]);
  }
});

test('a search names its registry as an image does', () => {
  expect(splitRegistry('nginx')).toEqual({ domain: undefined, rest: 'nginx' });
  expect(splitRegistry('someone/nginx')).toEqual({ domain: undefined, rest: 'someone/nginx' });
  expect(splitRegistry('docker.io/nginx')).toEqual({ domain: undefined, rest: 'nginx' });
  expect(splitRegistry('localhost:5000/a/b')).toEqual({ domain: 'localhost:5000', rest: 'a/b' });
});

test('docker login’s addresses, old and new', () => {
  expect(loginDomain('https://index.docker.io/v1/')).toBe('docker.io');
  expect(loginDomain('')).toBe('docker.io');
  expect(loginDomain('localhost:5000')).toBe('localhost:5000');
  expect(loginDomain('https://ghcr.io/v2/')).toBe('ghcr.io');
});

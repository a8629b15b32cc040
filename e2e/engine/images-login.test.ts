import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ErrorBody } from '../../engine/api/errors.ts';
import { testImages } from '../images/catalogue.ts';
import { pushImage } from '../images/push.ts';
import { startRegistry, type TestRegistry } from '../images/registry.ts';
import { startEngine, type TestEngine } from './engine.ts';

/** bcrypt of the password "secret". */
const htpasswd = 'someone:$2b$04$YiEwfCQ6j5mO9XE7GOHQcO2G.0Kv2P0YPc0/0vQqxcqamA.mwSfAC';

let registry: TestRegistry;
let engine: TestEngine;
let name: string;
beforeAll(async () => {
  registry = await startRegistry({ htpasswd });
  engine = await startEngine();
  const busybox = testImages().find((image) => image.name === 'busybox');
  if (busybox === undefined) throw new Error('no busybox');
  await pushImage(registry, busybox, { basic: 'someone:secret' });
  name = `${registry.address}/busybox:latest`;
});
afterAll(async () => {
  await engine?.[Symbol.asyncDispose]();
  await registry?.[Symbol.asyncDispose]();
});

const login = (password: string, address = registry.address) =>
  engine.docker(['login', '-u', 'someone', '--password-stdin', address], { input: password });

describe('a registry with passwords', () => {
  test('without a sign-in', async () => {
    const done = await engine.docker(['pull', name]);
    expect(done.code).toBe(1);
    expect(done.stderr).toContain('no basic auth credentials');
    const answer = await engine.api(
      'POST',
      `/images/create?fromImage=${registry.address}/busybox&tag=latest`,
    );
    expect(answer.status).toBe(500);
    expect((answer.json() as ErrorBody).berth?.code).toBe('registry-unauthorized');
  });

  test('a wrong password is refused at login and at pull', async () => {
    const done = await login('wrong');
    expect(done.code).toBe(1);
    expect(done.stderr).toContain(
      `login attempt to http://${registry.address}/v2/ failed with status: 401 Unauthorized`,
    );
    const header = Buffer.from(JSON.stringify({ username: 'someone', password: 'wrong' })).toString(
      'base64url',
    );
    const answer = await engine.api(
      'POST',
      `/images/create?fromImage=${registry.address}/busybox&tag=latest`,
      {
        headers: { 'X-Registry-Auth': header },
      },
    );
    expect(answer.status).toBe(500);
    expect((answer.json() as ErrorBody).berth?.code).toBe('registry-unauthorized');
    const broken = await engine.api(
      'POST',
      `/images/create?fromImage=${registry.address}/busybox&tag=latest`,
      {
        headers: { 'X-Registry-Auth': 'not json' },
      },
    );
    expect(broken.status).toBe(400);
  });

  test('the right one: pull and push go, and the engine keeps nothing of it', async () => {
    const done = await login('secret');
    expect(done.code).toBe(0);
    expect(done.stdout).toContain('Login Succeeded');
    expect((await engine.docker(['pull', name])).code).toBe(0);
    await engine.dockerText('tag', name, `${registry.address}/mine:1`);
    const pushed = await engine.dockerText('push', `${registry.address}/mine:1`);
    expect(pushed).toMatch(/^1: digest: sha256:[0-9a-f]{64} size: \d+$/m);
    expect(engine.output).not.toContain('secret');
    const config = join(engine.directory, 'docker-config/config.json');
    expect(readFileSync(config, 'utf8')).toContain(Buffer.from('someone:secret').toString('base64'));
    expect((await engine.docker(['logout', registry.address])).code).toBe(0);
    rmSync(config, { force: true });
    expect((await engine.docker(['push', `${registry.address}/mine:1`])).stderr).toContain(
      'no basic auth credentials',
    );
  });

  test('a registry that asks for nothing takes any name', async () => {
    await using open = await startRegistry();
    expect((await login('whatever', open.address)).stdout).toContain('Login Succeeded');
  });
});

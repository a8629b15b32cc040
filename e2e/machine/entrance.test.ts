import { beforeAll, describe, expect, inject, test } from 'vitest';
import { WebSocket } from 'ws';
import { call } from '../../electron/host/testing/host-fixture.ts';
import { TestMachine } from './test-machine.ts';

const machine = new TestMachine(inject('machine'));
let port: number;
let secret: string;

beforeAll(async () => {
  await machine.start();
  const page = await machine.page();
  port = page.port;
  const answer = await call({ port, method: 'POST', path: '/api/session' }, { token: page.token });
  secret = (JSON.parse(answer.body) as { secret: string }).secret;
});

const bearer = () => ({ authorization: `Bearer ${secret}` });

describe('the loopback port refuses', () => {
  test('a stranger', async () => {
    for (const path of ['/api/state', '/engine/version', '/engine/containers/json', '/api/settings']) {
      const answer = await call({ port, path });
      expect(`${path} ${answer.status}`).toBe(`${path} 401`);
      expect(JSON.parse(answer.body)).toMatchObject({ berth: { code: 'token-invalid' } });
    }
  });

  test('a wrong secret and a wrong token', async () => {
    const wrong = { authorization: `Bearer ${'x'.repeat(43)}` };
    expect((await call({ port, path: '/api/state', headers: wrong })).status).toBe(401);
    const session = await call({ port, method: 'POST', path: '/api/session' }, { token: 'x'.repeat(43) });
    expect(session.status).toBe(401);
  });

  test('a token that was used', async () => {
    const { token } = await machine.page();
    const exchange = () => call({ port, method: 'POST', path: '/api/session' }, { token });
    expect((await exchange()).status).toBe(200);
    expect((await exchange()).status).toBe(401);
  });

  test('a page of another origin, with the secret too', async () => {
    for (const origin of ['http://evil.example', 'null', `http://127.0.0.1:${port + 1}`]) {
      const answer = await call({ port, path: '/api/state', headers: { ...bearer(), origin } });
      expect(answer.status).toBe(403);
      expect(JSON.parse(answer.body)).toMatchObject({ berth: { code: 'origin-refused' } });
    }
  });

  test('a name that was made to mean this computer', async () => {
    const headers = { ...bearer(), host: `evil.example:${port}` };
    const answer = await call({ port, path: '/api/state', headers });
    expect(answer.status).toBe(403);
    expect(JSON.parse(answer.body)).toMatchObject({ berth: { code: 'host-refused' } });
  });

  test('WebSockets of strangers and of other origins', async () => {
    const url = `ws://127.0.0.1:${port}/api/watch`;
    expect(await refusal(new WebSocket(url, ['berth']))).toBe(401);
    const known = ['berth', `berth.${secret}`];
    expect(await refusal(new WebSocket(url, known, { origin: 'http://evil.example' }))).toBe(403);
    expect(await refusal(new WebSocket(url, known))).toBe('open');
  });

  test('minting tokens and quitting, which are for the socket', async () => {
    for (const path of ['/api/tokens', '/api/quit']) {
      expect((await call({ port, path, method: 'POST', headers: bearer() })).status).toBe(404);
    }
  });
});

test('the page’s secret opens what it is for, and never as a cookie', async () => {
  const state = await call({ port, path: '/api/state', headers: bearer() });
  expect(state.status).toBe(200);
  const page = await call({ port, path: '/' });
  expect(page.status).toBe(200);
  expect(page.headers['set-cookie']).toBeUndefined();
  expect(page.headers['content-security-policy']).toContain("default-src 'none'");
});

test('the engine is asked without the page’s credential', async () => {
  const answer = await call({ port, path: '/engine/version', headers: bearer() });
  expect(JSON.parse(answer.body)).toMatchObject({ Platform: { Name: 'Berth' } });
});

/** Status with which a WebSocket was refused, or `open`. */
function refusal(socket: WebSocket): Promise<number | 'open'> {
  return new Promise((resolve, reject) => {
    socket.once('unexpected-response', (_request, answer) => resolve(answer.statusCode ?? 0));
    socket.once('error', reject);
    socket.once('open', () => {
      socket.terminate();
      resolve('open');
    });
  });
}

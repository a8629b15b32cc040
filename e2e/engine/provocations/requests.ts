import { connect } from 'node:net';
import type { TestEngine } from '../engine.ts';
import { call, type Provocations, provoked } from './provocation.ts';

/** Requests that are wrong by themselves, whatever the engine holds. */
export const requests: Provocations = {
  'bad-request': ({ engine }) => garbage(engine),
  'bad-json': ({ engine }) => call(engine, 'POST', '/containers/create', '{"Image": '),
  'bad-parameter': ({ engine }) => call(engine, 'POST', '/containers/create', { Image: 1 }),
  'bad-filter': ({ engine }) => call(engine, 'GET', '/containers/json?filters={"nonsense":["1"]}'),
  'bad-reference': ({ engine }) => call(engine, 'POST', '/images/busybox/tag?repo=UPPER'),
  'bad-name': ({ engine }) => call(engine, 'POST', '/containers/create?name=.x', { Image: 'busybox' }),
  'version-too-new': ({ engine }) => call(engine, 'GET', '/v1.99/info'),
  'version-too-old': ({ engine }) => call(engine, 'GET', '/v1.12/info'),
  'page-not-found': ({ engine }) => call(engine, 'GET', '/nothing'),
  'refused-option': ({ engine }) =>
    call(engine, 'POST', '/containers/create', {
      Image: 'busybox',
      HostConfig: { StorageOpt: { size: '1g' } },
    }),
  'swarm-inactive': ({ engine }) => call(engine, 'GET', '/services'),
};

/** Bytes that are no HTTP. */
async function garbage(engine: TestEngine) {
  const socket = connect(engine.socket);
  socket.end('NONSENSE\r\n\r\n');
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const status = Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]);
  return provoked({ status, headers: {}, text: body, json: () => JSON.parse(body) as unknown });
}

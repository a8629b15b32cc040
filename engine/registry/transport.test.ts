import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { Certificates } from './certificates.ts';
import { Transport } from './transport.ts';

test('a request whose caller has left ends as canceled', async () => {
  const server = createServer(() => {}).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const caller = new AbortController();
  const url = new URL(`http://127.0.0.1:${port}/v2/`);
  const transport = new Transport({
    certificates: new Certificates([]),
    proxies: { httpProxy: '', httpsProxy: '', noProxy: '' },
  });
  const answer = transport.send({ method: 'GET', url, insecure: true, signal: caller.signal });
  await once(server, 'request');
  caller.abort();
  await expect(answer).rejects.toMatchObject({ code: 'canceled', message: 'context canceled' });
  server.closeAllConnections();
  server.close();
});

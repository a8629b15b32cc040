import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Qmp } from './qmp.ts';

/** A server that negotiates as QEMU does; `end` decides how its life ends once it was asked for `quit`. */
async function serve(end: (client: Socket) => void) {
  const directory = mkdtempSync(join(tmpdir(), 'berth-qmp-'));
  const path = join(directory, 'qmp');
  const server = createServer((client) => {
    client.on('error', () => undefined);
    client.write('{"QMP": {}}\n');
    client.on('data', (bytes) => {
      const { execute, id } = JSON.parse(String(bytes)) as { execute: string; id: number };
      if (execute === 'quit') end(client);
      else client.write(`${JSON.stringify({ return: { execute }, id })}\n`);
    });
  }).listen(path);
  await once(server, 'listening');
  return {
    path,
    async [Symbol.asyncDispose]() {
      server.close();
      rmSync(directory, { recursive: true });
    },
  };
}

test('a command has its answer', async () => {
  await using server = await serve(() => {});
  const qmp = await Qmp.connect(server.path, AbortSignal.timeout(10_000));
  expect(await qmp.execute('query-status')).toEqual({ execute: 'query-status' });
  qmp.close();
  await qmp.closed;
});

test('what waits when QEMU is killed is told so, whatever the connection breaks with', async () => {
  const paused = Promise.withResolvers<Socket>();
  await using server = await serve((client) => paused.resolve(client.pause()));
  const qmp = await Qmp.connect(server.path, AbortSignal.timeout(10_000));
  const asked = expect(qmp.execute('quit')).rejects.toThrow('QEMU has gone');
  const client = await paused.promise;
  const more = expect(qmp.execute('query-status')).rejects.toThrow('QEMU has gone');
  // Destroyed with bytes unread, as by a kill: the other side's read fails with ECONNRESET.
  client.destroy();
  await Promise.all([asked, more, qmp.closed]);
});

test('a line that was cut off ends the connection, not the host', async () => {
  await using server = await serve((client) => client.end('{"return": {"sta'));
  const qmp = await Qmp.connect(server.path, AbortSignal.timeout(10_000));
  await expect(qmp.execute('quit')).rejects.toThrow('QEMU has gone');
  await qmp.closed;
});

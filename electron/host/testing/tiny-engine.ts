import { mkdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/**
 * A program in the engine's place for tests of the host: it takes the engine's options and answers the few calls that
 * the host makes itself, beside some streams with known bytes. `TINY_ENGINE_PORTS` is what it publishes, as JSON.
 */
const { values } = parseArgs({
  options: {
    instance: { type: 'string' },
    root: { type: 'string' },
    run: { type: 'string', default: '/run/berth/default' },
    config: { type: 'string' },
    'bind-source': { type: 'string' },
  },
});
const run = values.run;
mkdirSync(run, { recursive: true });
rmSync(join(run, 'engine.sock'), { force: true });

let ports: unknown = JSON.parse(process.env.TINY_ENGINE_PORTS ?? '[]');
const followers = new Set<import('node:http').ServerResponse>();

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://engine');
  const json = (status: number, value: unknown) => {
    response.writeHead(status, { 'Content-Type': 'application/json', Server: 'tiny' });
    response.end(JSON.stringify(value));
  };
  if (url.pathname === '/version')
    return json(200, { Version: '0.0.0-tiny', ApiVersion: '1.51', pid: process.pid });
  if (url.pathname === '/containers/json') return json(200, []);
  if (url.pathname === '/berth/ports' && request.method === 'GET') return json(200, ports);
  if (url.pathname === '/berth/ports') {
    request.on('data', (chunk: Buffer) => {
      ports = JSON.parse(chunk.toString()) as unknown;
    });
    request.on('end', () => {
      for (const follower of followers) follower.write('{"Type":"container","Action":"start"}\n');
      json(200, {});
    });
    return;
  }
  if (url.pathname === '/events') {
    response.writeHead(200);
    response.flushHeaders();
    followers.add(response);
    response.on('close', () => followers.delete(response));
    return;
  }
  if (url.pathname === '/headers') return json(200, request.headers);
  if (url.pathname === '/bytes') {
    response.writeHead(200);
    let left = Number(url.searchParams.get('size'));
    const more = () => {
      while (left > 0) {
        const chunk = Buffer.alloc(Math.min(left, 65536), 120);
        left -= chunk.length;
        if (!response.write(chunk)) return response.once('drain', more);
      }
      return response.end();
    };
    more();
    return;
  }
  if (url.pathname === '/echo') {
    response.writeHead(200);
    request.pipe(response);
    return;
  }
  if (url.pathname === '/endless') {
    response.writeHead(200);
    response.write('begun\n');
    response.on('close', () => process.stdout.write('endless closed\n'));
    return;
  }
  if (url.pathname === '/crash') process.exit(9);
  json(404, { message: 'page not found', berth: { code: 'page-not-found', params: {} } });
});

// As in attach: the answer is 101, then bytes both ways, half-closed ends included.
server.on('upgrade', (request, socket, head) => {
  socket.on('error', () => socket.destroy());
  socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
  const bodyBytes = Number(request.headers['content-length'] ?? 0);
  let skip = bodyBytes;
  const receive = (chunk: Buffer) => {
    const body = chunk.subarray(0, skip);
    skip -= body.length;
    if (chunk.length > body.length) socket.write(chunk.subarray(body.length));
  };
  receive(head);
  socket.on('data', receive);
  socket.on('end', () => socket.end('after the end\n'));
});

server.on('connection', (socket) => {
  (socket as import('node:net').Socket).allowHalfOpen = true;
});
server.listen(join(run, 'engine.sock'), () => console.log('tiny engine listens'));
process.once('SIGTERM', () => process.exit(0));

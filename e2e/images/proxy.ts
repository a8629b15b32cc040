import { createServer, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { pipeline } from 'node:stream/promises';

/** An HTTP proxy, for plain requests and for tunnels, which finds every host at addresses of its own. */
export interface Proxy extends AsyncDisposable {
  readonly url: string;
  /** What went through it: `GET http://…` or `CONNECT host:port`. */
  readonly passed: string[];
}

/** `hosts` gives for `host:port`, as clients ask for it, where it is really. */
export async function startProxy(hosts: Record<string, string>): Promise<Proxy> {
  const passed: string[] = [];
  const server = createServer(async (incoming, response) => {
    passed.push(`${incoming.method} ${incoming.url}`);
    const url = new URL(incoming.url ?? '/');
    const onward = request({
      ...place(hosts[url.host]),
      path: url.pathname + url.search,
      method: incoming.method ?? 'GET',
      headers: incoming.headers,
    });
    onward.once('error', () => response.destroy());
    onward.once('response', (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      pipeline(answer, response).catch(() => {});
    });
    incoming.pipe(onward);
  });
  server.on('connect', (incoming, socket, head) => {
    passed.push(`CONNECT ${incoming.url}`);
    const onward = connect(place(hosts[incoming.url ?? '']), () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      onward.write(head);
      socket.pipe(onward).pipe(socket);
    });
    for (const one of [onward, socket]) one.on('error', () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    passed,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function place(address: string | undefined): { host: string; port: number } {
  const [host = '127.0.0.1', port = '1'] = (address ?? '').split(':');
  return { host, port: Number(port) };
}

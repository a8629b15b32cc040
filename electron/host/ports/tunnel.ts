import { createServer, type Socket } from 'node:net';
import type { ForwardAddress } from '../machine/driver.ts';
import type { Link } from '../machine/link.ts';
import { splice } from '../machine/splice.ts';

/** An open port of the desktop whose connections go through the link. */
export interface Tunnel {
  close(): Promise<void>;
}

/** Listens on the desktop and opens a TCP channel in the machine for each connection. Rejects with an errno error. */
export async function openTunnel(options: {
  desktopAddress: ForwardAddress['desktopAddress'];
  desktopPort: number;
  link: () => Link | undefined;
  target: { address: string; port: number };
}): Promise<Tunnel> {
  const { desktopAddress, desktopPort, link, target } = options;
  const clients = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (client) => {
    clients.add(client);
    client.once('close', () => clients.delete(client));
    client.on('error', () => undefined);
    const opened = link()?.openTcp(target.address, target.port);
    if (!opened) {
      client.destroy();
      return;
    }
    opened.then(
      (machine) => (client.destroyed ? machine.destroy() : splice(client, machine)),
      () => client.destroy(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(desktopPort, desktopAddress, resolve);
  });
  return {
    close: () => {
      for (const client of clients) client.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

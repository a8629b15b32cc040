import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { ForwardAddress } from '../machine/driver.ts';

/** The error that binding this port of the desktop gives now, or undefined when it is free. Holds it for a moment only. */
export function bindFailure(address: ForwardAddress): Promise<NodeJS.ErrnoException | undefined> {
  const { protocol, desktopAddress, desktopPort } = address;
  return new Promise((resolve) => {
    if (protocol === 'udp') {
      const socket = createSocket('udp4');
      socket.once('error', resolve);
      socket.bind(desktopPort, desktopAddress, () => socket.close(() => resolve(undefined)));
    } else {
      const server = createServer();
      server.once('error', resolve);
      server.listen(desktopPort, desktopAddress, () => server.close(() => resolve(undefined)));
    }
  });
}

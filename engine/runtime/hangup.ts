import type { Duplex } from 'node:stream';
import { addon } from '../native/addon/load.ts';

/**
 * Calls the listener when the client of a connection has gone altogether. Node tells of the end of its input only,
 * which a client that merely half-closed (`docker attach` without input) sends too: on a quiet stream the connection
 * of one that was killed would be kept for ever.
 */
export function onHangup(connection: Duplex, listener: () => void): void {
  // Node has no public word for the descriptor of a socket.
  const fd = (connection as Duplex & { _handle?: { fd?: number } | null })._handle?.fd;
  if (fd === undefined || fd < 0) return;
  const watch = addon.watchHangup(fd);
  let over = false;
  connection.once('close', () => {
    over = true;
    watch.stop();
  });
  void watch.gone.then(() => {
    if (!over) listener();
  });
}

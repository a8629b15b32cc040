import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * Takes a connection out of HTTP, as Docker's attach and exec do. With an Upgrade header Node has let go of the socket
 * already; without one (dockerode, testcontainers) its parser still listens and is taken off by hand.
 */
export function hijackConnection(options: {
  request: IncomingMessage;
  response: ServerResponse;
  upgraded: boolean;
  contentType: string;
}): Duplex {
  const { request, response, upgraded, contentType } = options;
  const socket = request.socket;
  response.detachSocket(socket);
  socket.setTimeout(0);
  if (upgraded) {
    const protocol = request.headers.upgrade ?? 'tcp';
    socket.write(
      `HTTP/1.1 101 UPGRADED\r\nContent-Type: ${contentType}\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`,
    );
    return socket;
  }
  // A listener for 'readable' makes Node take the bytes back from its native parser; then nobody may parse them.
  const releaseParser = () => {};
  socket.on('readable', releaseParser);
  socket.removeAllListeners('data');
  socket.removeAllListeners('end');
  socket.off('readable', releaseParser);
  socket.write(`HTTP/1.1 200 OK\r\nContent-Type: ${contentType}\r\n\r\n`);
  return socket;
}

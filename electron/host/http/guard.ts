import type { IncomingHttpHeaders } from 'node:http';
import { streamSubprotocol } from '../api/http.ts';
import { HostError } from './answer.ts';
import type { Sessions } from './session.ts';

/**
 * Who may talk to the loopback port. Host is checked against DNS rebinding (a hostile name that resolves to
 * 127.0.0.1), Origin against other pages, and the bearer against everybody else on this computer. There is no
 * cookie: cookies ignore ports, so a page on a published port of 127.0.0.1 would be sent it.
 */
export function checkAddress(headers: IncomingHttpHeaders, port: number): void {
  const names = [`127.0.0.1:${port}`, `localhost:${port}`];
  if (headers.host === undefined || !names.includes(headers.host.toLowerCase())) {
    throw new HostError('host-refused', 'this address is not served', { host: headers.host ?? '' });
  }
  if (
    headers.origin !== undefined &&
    headers.origin.toLowerCase() !== `http://${headers.host.toLowerCase()}`
  ) {
    throw new HostError('origin-refused', 'pages of other origins are refused', { origin: headers.origin });
  }
}

/** Throws unless the call carries the secret of a session as Bearer. */
export function checkBearer(headers: IncomingHttpHeaders, sessions: Sessions): void {
  const secret = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1];
  if (secret === undefined || !sessions.knows(secret)) throw notSignedIn();
}

/** Throws unless the WebSocket carries the secret of a session as the subprotocol `berth.<secret>`. */
export function checkSubprotocol(headers: IncomingHttpHeaders, sessions: Sessions): void {
  const prefix = `${streamSubprotocol}.`;
  const offered = (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  const secret = offered.find((name) => name.startsWith(prefix))?.slice(prefix.length);
  if (secret === undefined || !sessions.knows(secret)) throw notSignedIn();
}

function notSignedIn(): HostError {
  return new HostError('token-invalid', 'no valid session; open a new page with: berth open');
}

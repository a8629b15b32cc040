/**
 * The host's HTTP surface. Over the unix socket (0600) no token is needed; over loopback TCP every call carries
 * `Authorization: Bearer <secret>`, and Host and Origin are checked first.
 *
 *   POST /api/session            {token} → {secret}            the one-time token of the page's URL fragment
 *   POST /api/tokens             → {url, token}                unix socket only: mints a page's URL
 *   GET  /api/state              HostState
 *   POST /api/machine/start | stop | restart | reconnect | recheck-accelerator      202, then see state
 *   POST /api/engine/restart     202
 *   GET  /api/machine/log?source=serial|engine&offset=N   text; X-Log-Size carries the whole size
 *   GET  /api/settings           Settings
 *   POST /api/settings           partial Settings → Settings
 *   POST /api/quit               unix socket only: stops the machine and the host
 *   ANY  /engine/…               the engine's API, passed through unchanged (no upgrades: use /api/stream)
 *   WS   /api/watch              HostState at once and at every change
 *   WS   /api/stream             one engine stream, see StreamOpen
 *
 * WebSockets carry the secret as the subprotocol `berth.<secret>` beside `berth`.
 * Failures have the engine's error form (engine/api/errors.ts) with the codes of HostErrorCode.
 */
export type HostErrorCode =
  | 'token-invalid'
  | 'origin-refused'
  | 'host-refused'
  | 'machine-not-running'
  | 'not-found'
  | 'bad-request'
  | 'internal';

export interface HostErrorBody {
  message: string;
  berth: { code: HostErrorCode; params: Record<string, string | number> };
}

/** First frame (text, JSON) of WS /api/stream, from the page. */
export interface StreamOpen {
  method: 'GET' | 'POST';
  /** Engine path with query. */
  path: string;
  body?: unknown;
  /** True for attach and exec: bytes flow both ways after the engine's 101. */
  upgrade: boolean;
  /** Bytes that the host may send before it hears of more credit. */
  credit: number;
}

/** First frame (text) back; binary frames with the body follow, then a close. An error status is followed by its JSON body as one binary frame. */
export interface StreamOpened {
  status: number;
  headers: Record<string, string>;
}

/** Later text frames from the page: more credit, or the end of its input (half-close). */
export type StreamControl = { credit: number } | { end: true };

/** Last text frame from the host, before it closes: how the engine's side ended. */
export type StreamEnded = { ended: 'eof' | 'lost' };

export const streamSubprotocol = 'berth';

/**
 * The error form of the engine's HTTP API, and the table of its codes.
 *
 * `message` is Docker's English text: the docker CLI derives exit codes from it. `berth.code` and
 * `berth.params` are what the app turns into words of the reader's language; a code is never renamed.
 */

/** What a failed call answers. Streams that fail after their 200 carry the same `berth` beside Docker's `errorDetail`. */
export interface ErrorBody {
  message: string;
  berth?: { code: ErrorCode; params: ErrorParams };
}

export type ErrorParams = Record<string, string | number>;

/** The kinds of failure; `engine/http/status.ts` is the one place that knows their HTTP status. */
export type ErrorKind =
  | 'invalid' // 400: the request is wrong
  | 'unauthorized' // 401: sign-in needed or refused
  | 'forbidden' // 403: not allowed, and signing in does not help
  | 'not-found' // 404
  | 'not-modified' // 304: already in that state
  | 'conflict' // 409: right request, wrong moment
  | 'gone' // 410
  | 'too-large' // 413
  | 'unsupported' // 501: what this engine refuses by name
  | 'unavailable' // 503: comes back later
  | 'exhausted' // 507: disk or another resource is used up
  | 'internal'; // 500: a defect or a failure of the system below

/** Every code with its kind. docs/errors.md describes each; a test keeps the two lists equal. */
export const errorCodes = {
  'bad-request': 'invalid',
  'bad-json': 'invalid',
  'bad-parameter': 'invalid',
  'bad-filter': 'invalid',
  'bad-reference': 'invalid',
  'bad-name': 'invalid',
  'version-too-new': 'invalid',
  'version-too-old': 'invalid',
  'page-not-found': 'not-found',
  'container-not-found': 'not-found',
  'container-ambiguous': 'invalid',
  'container-name-taken': 'conflict',
  'container-running': 'conflict',
  'container-not-running': 'conflict',
  'container-paused': 'conflict',
  'container-not-paused': 'conflict',
  'container-removing': 'conflict',
  'container-already-started': 'not-modified',
  'container-already-stopped': 'not-modified',
  'no-command': 'invalid',
  'command-not-found': 'invalid',
  'command-not-executable': 'invalid',
  'working-directory': 'invalid',
  'user-not-found': 'invalid',
  'start-failed': 'internal',
  'exec-not-found': 'not-found',
  'exec-already-ran': 'conflict',
  'path-not-found': 'not-found',
  'path-refused': 'invalid',
  'read-only': 'forbidden',
  'desktop-path': 'invalid',
  'bind-source-missing': 'invalid',
  'port-in-use': 'internal',
  'image-not-found': 'not-found',
  'image-in-use': 'conflict',
  'image-has-children': 'conflict',
  'no-platform': 'not-found',
  'registry-unreachable': 'internal',
  'registry-insecure': 'internal',
  'registry-denied': 'not-found',
  'registry-unauthorized': 'internal',
  'registry-rate-limited': 'internal',
  'registry-not-found': 'not-found',
  'registry-failed': 'internal',
  'digest-mismatch': 'internal',
  'layer-truncated': 'internal',
  'layer-invalid': 'internal',
  'archive-invalid': 'invalid',
  'disk-full': 'exhausted',
  'volume-not-found': 'not-found',
  'volume-in-use': 'conflict',
  'network-not-found': 'not-found',
  'network-in-use': 'conflict',
  'network-exists': 'conflict',
  'layer-not-found': 'not-found',
  'refused-option': 'unsupported',
  'swarm-inactive': 'unavailable',
  'shim-lost': 'internal',
  canceled: 'gone',
  internal: 'internal',
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorCodes;

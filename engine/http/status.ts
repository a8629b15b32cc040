import type { ErrorKind } from '../api/errors.ts';

/** The one place that knows the HTTP status of a kind of error. */
export const statusOfKind: Record<ErrorKind, number> = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  'not-found': 404,
  'not-modified': 304,
  conflict: 409,
  gone: 410,
  'too-large': 413,
  unsupported: 501,
  unavailable: 503,
  exhausted: 507,
  internal: 500,
};

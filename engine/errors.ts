import {
  type ErrorBody,
  type ErrorCode,
  type ErrorKind,
  type ErrorParams,
  errorCodes,
} from './api/errors.ts';

/**
 * The one error that crosses the engine's modules. `message` is Docker's English text where Docker has one
 * (the CLI reads exit codes from it); code and params make the app's words.
 */
export class BerthError extends Error {
  readonly code: ErrorCode;
  readonly params: ErrorParams;
  constructor(code: ErrorCode, message: string, params: ErrorParams = {}, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BerthError';
    this.code = code;
    this.params = params;
  }
  get kind(): ErrorKind {
    return errorCodes[this.code];
  }
  body(): ErrorBody {
    return { message: this.message, berth: { code: this.code, params: this.params } };
  }
}

/** Turns anything thrown into a BerthError; what is not one becomes `internal` with its cause kept. */
export function asBerthError(error: unknown): BerthError {
  if (error instanceof BerthError) return error;
  if (isErrno(error) && error.code === 'ENOSPC') {
    return new BerthError('disk-full', `no space left on device: ${error.message}`, {}, { cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new BerthError('internal', message, {}, { cause: error });
}

export function isErrno(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === 'string';
}

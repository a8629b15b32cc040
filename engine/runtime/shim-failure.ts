import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { BerthError } from '../errors.ts';
import { ShimError, ShimLostError } from './shim-connection.ts';
import type { ShimFailure } from './shim-messages.ts';

const prefix =
  'failed to create task for container: OCI runtime create failed: unable to start container process: ';

/**
 * A shim's refusal in Docker's words: the docker CLI makes exit codes 126 and 127 from them. The command is read from
 * config.json, or from the exec's process.
 */
export async function asStartError(
  error: unknown,
  source: { config: string } | { process: object },
): Promise<BerthError> {
  if (error instanceof ShimLostError) return new BerthError('shim-lost', error.message, {}, { cause: error });
  if (!(error instanceof ShimError)) {
    const message = error instanceof Error ? error.message : String(error);
    return new BerthError('start-failed', message, {}, { cause: error });
  }
  return translate(error, await commandOf(source));
}

function translate(error: ShimError, command: string): BerthError {
  const { failure } = error;
  const options = { cause: error };
  if (failure.stage === 'exec') return execError(failure, command, options);
  if (failure.stage === 'user') {
    return new BerthError('user-not-found', failure.message, { user: failure.path ?? '' }, options);
  }
  const where = failure.path ? ` ${failure.path}` : '';
  const message = `${prefix}${failure.stage}${where}: ${failure.message}`;
  if (failure.stage === 'cwd') {
    return new BerthError('working-directory', message, { path: failure.path ?? '' }, options);
  }
  return new BerthError('start-failed', message, { stage: failure.stage, path: failure.path ?? '' }, options);
}

function execError(failure: ShimFailure, command: string, options: ErrorOptions): BerthError {
  const params = { command };
  if (failure.errno === constants.errno.ENOENT) {
    const why = command.includes('/')
      ? `stat ${command}: no such file or directory`
      : 'executable file not found in $PATH';
    return new BerthError(
      'command-not-found',
      `${prefix}exec: ${JSON.stringify(command)}: ${why}`,
      params,
      options,
    );
  }
  const why = { [constants.errno.EACCES]: 'permission denied', [constants.errno.EISDIR]: 'is a directory' };
  const text = why[failure.errno];
  if (text !== undefined || failure.errno === constants.errno.ENOEXEC) {
    const message = `${prefix}exec: ${JSON.stringify(command)}: ${text ?? 'exec format error'}`;
    return new BerthError('command-not-executable', message, params, options);
  }
  const message = `${prefix}exec: ${JSON.stringify(command)}: ${failure.message}`;
  return new BerthError('start-failed', message, { stage: 'exec', path: command }, options);
}

async function commandOf(source: { config: string } | { process: object }): Promise<string> {
  const process =
    'process' in source ? source.process : JSON.parse(await readFile(source.config, 'utf8')).process;
  return String((process as { args?: string[] }).args?.[0] ?? '');
}

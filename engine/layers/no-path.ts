import { BerthError } from '../errors.ts';
import { pathName } from './path-name.ts';

/** No directory at a path of a layer. */
export function noDirectory(path: Uint8Array): BerthError {
  const { text } = pathName(path);
  return new BerthError('path-not-found', `${text}: no such directory`, { path: text });
}

/** No regular file at a path of a layer. */
export function noFile(path: Uint8Array): BerthError {
  const { text } = pathName(path);
  return new BerthError('path-not-found', `${text}: no such file`, { path: text });
}

/** Nothing at a path in any layer. */
export function noPath(path: Uint8Array): BerthError {
  const { text } = pathName(path);
  return new BerthError('path-not-found', `${text}: no layer has it`, { path: text });
}

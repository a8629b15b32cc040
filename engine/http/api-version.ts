import { BerthError } from '../errors.ts';
import { apiVersion, minApiVersion } from '../version.ts';
import type { ApiVersion } from './context.ts';

function compare(a: string, b: string): number {
  const [aMajor = 0, aMinor = 0] = a.split('.').map(Number);
  const [bMajor = 0, bMinor = 0] = b.split('.').map(Number);
  return aMajor - bMajor || aMinor - bMinor;
}

/** The version of a request; throws in Docker's words what this engine does not speak. Absent: the newest. */
export function negotiate(asked: string | undefined): ApiVersion {
  const text = asked ?? apiVersion;
  if (compare(text, minApiVersion) < 0) {
    throw new BerthError(
      'version-too-old',
      `client version ${text} is too old. Minimum supported API version is ${minApiVersion}, please upgrade your client to a newer version`,
      { version: text, minimum: minApiVersion },
    );
  }
  if (compare(text, apiVersion) > 0) {
    throw new BerthError(
      'version-too-new',
      `client version ${text} is too new. Maximum supported API version is ${apiVersion}`,
      { version: text, maximum: apiVersion },
    );
  }
  return { text, atLeast: (version) => compare(text, version) >= 0 };
}

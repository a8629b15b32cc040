import type { RegistryAuth } from '../api/images.ts';
import { BerthError } from '../errors.ts';
import type { RequestContext } from '../http/context.ts';

/** X-Registry-Auth: base64url JSON, as the docker command makes it of its own sign-in. */
export function registryAuth({ headers }: Pick<RequestContext, 'headers'>): { auth?: RegistryAuth } {
  const header = headers['x-registry-auth'];
  if (typeof header !== 'string' || header === '') return {};
  try {
    const auth = JSON.parse(Buffer.from(header, 'base64url').toString('utf8')) as RegistryAuth;
    return Object.values(auth).some(Boolean) ? { auth } : {};
  } catch {
    throw new BerthError('bad-parameter', 'invalid X-Registry-Auth header: it is not base64url JSON');
  }
}

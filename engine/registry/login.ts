import type { RegistryAuth } from '../api/images.ts';
import { BerthError } from '../errors.ts';
import { Authorization } from './authorization.ts';
import { openEndpoint } from './endpoint.ts';
import type { InsecureRegistries } from './hosts.ts';
import { send } from './http.ts';

/**
 * Tries a sign-in, as `docker login` asks the engine to: nothing of it is kept here. Gives the identity token where the
 * registry's token server hands one out, else ''. Throws registry-unauthorized in Docker's words.
 */
export async function signIn(options: {
  auth: RegistryAuth;
  insecure: InsecureRegistries;
  signal: AbortSignal;
}): Promise<string> {
  const { auth, signal } = options;
  const domain = loginDomain(auth.serveraddress ?? '');
  const allowsPlain = options.insecure.allows(domain);
  const { base, unauthorized } = await openEndpoint({ domain, allowsPlain, signal });
  // A registry that asks for nothing takes any name, in Docker too.
  if (unauthorized === undefined) return '';
  const authorization = new Authorization({ auth, insecure: allowsPlain, offline: true });
  await authorization.meet(unauthorized, '', 'Get', signal);
  const header = authorization.header();
  const answer = await send({
    method: 'GET',
    url: base,
    headers: header === undefined ? {} : { authorization: header },
    insecure: allowsPlain,
    signal,
  });
  answer.body.resume();
  if (answer.status === 200) return authorization.identityToken;
  throw new BerthError(
    answer.status === 401 || answer.status === 403 ? 'registry-unauthorized' : 'registry-failed',
    `login attempt to ${base.href} failed with status: ${answer.status} ${answer.statusText}`,
    { host: base.host },
  );
}

/** The registry that a docker CLI's `serveraddress` means: a host, or the old URL form of it. */
export function loginDomain(address: string): string {
  const host = address.replace(/^https?:\/\//, '').split('/')[0] ?? '';
  return host === '' || host === 'index.docker.io' || host === 'registry-1.docker.io' ? 'docker.io' : host;
}

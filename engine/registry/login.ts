import type { RegistryAuth } from '../api/images.ts';
import { BerthError } from '../errors.ts';
import { Authorization } from './authorization.ts';
import { openEndpoint } from './endpoint.ts';
import type { Registries } from './registries.ts';

/**
 * Tries a sign-in, as `docker login` asks the engine to: nothing of it is kept here. Gives the identity token where the
 * registry's token server hands one out, else ''. Throws registry-unauthorized in Docker's words.
 */
export async function signIn(options: {
  auth: RegistryAuth;
  registries: Registries;
  signal: AbortSignal;
}): Promise<string> {
  const { auth, signal } = options;
  const { transport } = options.registries;
  const target = options.registries.registry(loginDomain(auth.serveraddress ?? ''));
  const { base, unauthorized } = await openEndpoint({ target, transport, signal });
  // A registry that asks for nothing takes any name, in Docker too.
  if (unauthorized === undefined) return '';
  const insecure = target.allowsPlain;
  const authorization = new Authorization({ transport, auth, insecure, offline: true });
  await authorization.meet(unauthorized, { scope: '', method: 'Get', signal });
  const header = await authorization.header('', signal);
  const headers: Record<string, string> = header === undefined ? {} : { authorization: header };
  const answer = await transport.send({ method: 'GET', url: base, headers, insecure, signal });
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

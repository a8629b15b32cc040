import { BerthError } from '../errors.ts';
import { type HttpAnswer, isPlainServer } from './http.ts';
import type { RegistryTarget } from './registries.ts';
import type { Transport } from './transport.ts';

/** Where and how one registry answers. */
export interface Endpoint {
  /** `https://host/v2/` */
  base: URL;
  /** Its 401 to the first question, for the challenge in it; undefined where it let us in. */
  unauthorized: HttpAnswer | undefined;
}

interface EndpointOptions {
  target: RegistryTarget;
  transport: Transport;
  signal?: AbortSignal | undefined;
}

/**
 * Finds out how a registry is spoken to: TLS, or plain HTTP where that is allowed (then the last failure is told, as in
 * Docker). Throws registry-insecure for a plain server that nobody has allowed.
 */
export async function openEndpoint(options: EndpointOptions): Promise<Endpoint> {
  const { host, allowsPlain, mirror } = options.target;
  if (mirror !== undefined) return await ping(new URL('v2/', directoryUrl(mirror)), options);
  const secure = new URL(`https://${host}/v2/`);
  try {
    return await ping(secure, options);
  } catch (error) {
    if (!allowsPlain) throw isPlainServer(error) ? insecureServer(secure, error) : error;
    if (!(error instanceof BerthError) || error.code !== 'registry-unreachable') throw error;
    if (error.params.reason === 'no-such-host') throw error;
    return await ping(new URL(`http://${host}/v2/`), options);
  }
}

/** A URL that others are below, whether or not it was written with a slash. */
function directoryUrl(url: URL): URL {
  return url.pathname.endsWith('/') ? url : new URL(`${url.href}/`);
}

async function ping(base: URL, { target, transport, signal }: EndpointOptions): Promise<Endpoint> {
  const answer = await transport.send({
    method: 'GET',
    url: base,
    insecure: target.allowsPlain,
    ...(signal === undefined ? {} : { signal }),
  });
  if (answer.status === 401) return { base, unauthorized: answer };
  answer.body.resume();
  return { base, unauthorized: undefined };
}

function insecureServer(url: URL, cause: unknown): BerthError {
  return new BerthError(
    'registry-insecure',
    `Get "${url.href}": http: server gave HTTP response to HTTPS client`,
    { host: url.host },
    { cause },
  );
}

import http from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import { createSecureContext, getCACertificates, rootCertificates } from 'node:tls';
import type { Certificates, HostCertificates } from './certificates.ts';
import { connectionFailure, failedRequest, type HttpAnswer, type HttpRequest } from './http.ts';

/** Without a byte for so long a connection counts as broken. */
const idleMs = 30_000;
const maxRedirects = 5;
/** Connections to one host: three layers with four ranges each, and some questions beside them. */
const maxSockets = 16;

/** Proxies by Docker's keys of daemon.json (`proxies`) or the environment; '' for none. */
export interface Proxies {
  httpProxy: string;
  httpsProxy: string;
  /** Hosts, domains and addresses that are reached directly, separated by commas. */
  noProxy: string;
}

/** Sends requests to registries: connections are kept, certificates and proxies chosen by host. */
export class Transport {
  readonly #certificates: Certificates;
  readonly #proxyEnv: Record<string, string> | undefined;
  readonly #agents = new Map<string, http.Agent>();
  #roots: string[] | undefined;
  constructor(options: { certificates: Certificates; proxies: Proxies }) {
    const { httpProxy, httpsProxy, noProxy } = options.proxies;
    this.#certificates = options.certificates;
    this.#proxyEnv =
      httpProxy === '' && httpsProxy === ''
        ? undefined
        : { HTTP_PROXY: httpProxy, HTTPS_PROXY: httpsProxy, NO_PROXY: noProxy };
  }

  /**
   * One request, redirects followed for GET and HEAD. The Authorization header never goes to another host, and a
   * redirect never leaves TLS. Failures of the connection have Docker's (Go's) words.
   */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    let { url } = request;
    let headers = { ...request.headers };
    for (let hop = 0; ; hop++) {
      const answer = await this.#sendOnce({ ...request, url, headers });
      const location = answer.headers.location;
      const redirects = [301, 302, 303, 307, 308].includes(answer.status) && location !== undefined;
      if (!redirects || (request.method !== 'GET' && request.method !== 'HEAD')) return answer;
      answer.body.resume();
      const next = new URL(location, url);
      if (hop === maxRedirects) throw failedRequest(request, 'stopped after 5 redirects');
      if (
        next.protocol !== 'https:' &&
        (next.protocol !== 'http:' || (url.protocol === 'https:' && !request.insecure))
      ) {
        throw failedRequest(request, `redirect to ${next.protocol} refused`);
      }
      if (next.host !== url.host) headers = withoutAuthorization(headers);
      url = next;
    }
  }

  async #sendOnce(request: HttpRequest): Promise<HttpAnswer> {
    const agent = await this.#agentFor(request);
    const secure = request.url.protocol === 'https:';
    return await new Promise((resolve, reject) => {
      const outgoing = (secure ? https : http).request(request.url, {
        method: request.method,
        headers: { 'user-agent': 'berth', ...request.headers },
        agent,
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      });
      outgoing.setTimeout(idleMs, () => outgoing.destroy(new Error('net/http: timeout awaiting response')));
      outgoing.on('error', (error) => reject(connectionFailure(request, error)));
      outgoing.on('response', (body) => {
        const status = body.statusCode ?? 0;
        const statusText = http.STATUS_CODES[status] ?? '';
        resolve({ status, statusText, headers: body.headers, body, url: request.url });
      });
      if (request.body === undefined) outgoing.end();
      else if (request.body instanceof Uint8Array) outgoing.end(request.body);
      else request.body.on('error', (error) => outgoing.destroy(error)).pipe(outgoing);
    });
  }

  /** Loopback is never reached by a proxy, as in Go. */
  async #agentFor({ url, insecure }: HttpRequest): Promise<http.Agent> {
    const proxyEnv = isLoopback(url.hostname) ? undefined : this.#proxyEnv;
    const options = { keepAlive: true, maxSockets, ...(proxyEnv === undefined ? {} : { proxyEnv }) };
    if (url.protocol !== 'https:') {
      return this.#agent(`plain ${proxyEnv !== undefined}`, () => new http.Agent(options));
    }
    const own = await this.#certificates.of(url.host);
    const key = ['tls', proxyEnv !== undefined, insecure, own?.fingerprint ?? ''].join(' ');
    return this.#agent(key, () => new https.Agent({ ...options, ...this.#tlsOptions(insecure, own) }));
  }

  #agent(key: string, make: () => http.Agent): http.Agent {
    const agent = this.#agents.get(key) ?? make();
    this.#agents.set(key, agent);
    return agent;
  }

  /** Registries named as insecure may have any certificate, as in Docker. */
  #tlsOptions(insecure: boolean, own: HostCertificates | undefined): https.AgentOptions {
    this.#roots ??= [...rootCertificates, ...getCACertificates('system')];
    // Reading some three hundred authorities takes 30 ms: once for all connections, not for each.
    const secureContext = createSecureContext({
      ca: [...this.#roots, ...(own?.authorities ?? [])],
      ...(own?.client === undefined ? {} : { cert: own.client.certificate, key: own.client.key }),
    });
    return { secureContext, ...(insecure ? { rejectUnauthorized: false } : {}) };
  }
}

function withoutAuthorization(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.toLowerCase() !== 'authorization'),
  );
}

function isLoopback(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

import type { RegistryAuth } from '../api/images.ts';
import { BerthError } from '../errors.ts';
import { problemOf, problemText } from './answer-error.ts';
import { type HttpAnswer, readSmall, send } from './http.ts';

/** A token without `expires_in` lives for a minute (distribution spec). */
const defaultLifeSeconds = 60;
/** A token is not used in its last seconds: the request must still arrive. */
const marginMs = 5_000;

export interface Challenge {
  scheme: 'basic' | 'bearer';
  parameters: Record<string, string>;
}

/** Parses WWW-Authenticate; undefined when it names neither scheme. */
export function parseChallenge(header: string | undefined): Challenge | undefined {
  const found = /^\s*(basic|bearer)\b\s*(.*)$/i.exec(header ?? '');
  if (found === null) return undefined;
  const parameters: Record<string, string> = {};
  for (const [, name = '', quoted, plain] of (found[2] ?? '').matchAll(
    /([a-zA-Z_]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/g,
  )) {
    parameters[name.toLowerCase()] = quoted ?? plain ?? '';
  }
  return { scheme: found[1]?.toLowerCase() === 'basic' ? 'basic' : 'bearer', parameters };
}

/** Proves to one registry who asks: basic, or bearer tokens for the scopes that a repository needs, renewed in time. */
export class Authorization {
  readonly #auth: RegistryAuth;
  readonly #insecure: boolean;
  #header: string | undefined;
  #expiresAtMs = Number.POSITIVE_INFINITY;
  readonly #offline: boolean;
  #identityToken = '';
  /** `offline` asks token servers for an identity token too, which is what `docker login` keeps. */
  constructor(options: { auth: RegistryAuth | undefined; insecure: boolean; offline?: boolean }) {
    this.#auth = options.auth ?? {};
    this.#insecure = options.insecure;
    this.#offline = options.offline ?? false;
    if (this.#auth.registrytoken) this.#header = `Bearer ${this.#auth.registrytoken}`;
  }

  /** Header for the next request; undefined before the registry has asked for one. */
  header(): string | undefined {
    if (Date.now() > this.#expiresAtMs - marginMs) this.#header = undefined;
    return this.#header;
  }

  /** What a token server gave to sign in with from now on; '' when it gave none. */
  get identityToken(): string {
    return this.#identityToken;
  }

  /** Answers a 401. Throws registry-unauthorized where there is nothing (more) to offer. */
  async meet(answer: HttpAnswer, scope: string, method: string, signal?: AbortSignal): Promise<void> {
    const challenge = parseChallenge(answer.headers['www-authenticate']);
    if (challenge === undefined) throw await refusedLogin(answer);
    if (challenge.scheme === 'basic') {
      answer.body.resume();
      if (!this.#auth.username) {
        throw new BerthError(
          'registry-unauthorized',
          `${method} "${answer.url.href}": no basic auth credentials`,
          { host: answer.url.host },
        );
      }
      this.#header = this.#basic();
      return;
    }
    answer.body.resume();
    await this.#fetchToken(challenge.parameters, scope, signal);
  }

  #basic(): string {
    return `Basic ${Buffer.from(`${this.#auth.username}:${this.#auth.password ?? ''}`).toString('base64')}`;
  }

  async #fetchToken(parameters: Record<string, string>, scope: string, signal?: AbortSignal): Promise<void> {
    const realm = parameters.realm;
    if (realm === undefined || !URL.canParse(realm)) {
      throw new BerthError('registry-failed', 'the registry names no token server');
    }
    const url = new URL(realm);
    if (url.protocol !== 'https:' && !this.#insecure) {
      throw new BerthError('registry-failed', `token server ${url.origin} is not reached by TLS`);
    }
    const service = parameters.service ?? '';
    const answer = this.#auth.identitytoken
      ? await send({
          method: 'POST',
          url,
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: Buffer.from(
            new URLSearchParams({
              grant_type: 'refresh_token',
              refresh_token: this.#auth.identitytoken,
              service,
              scope,
              client_id: 'berth',
            }).toString(),
          ),
          insecure: this.#insecure,
          ...(signal === undefined ? {} : { signal }),
        })
      : await this.#getToken(url, service, scope, signal);
    if (answer.status !== 200) throw await refusedLogin(answer);
    const token = JSON.parse((await readSmall(answer, 1024 * 1024)).toString('utf8')) as {
      token?: string;
      access_token?: string;
      refresh_token?: string;
      expires_in?: number;
    };
    const value = token.token ?? token.access_token;
    if (!value)
      throw new BerthError('registry-failed', 'authorization server did not include a token in the response');
    this.#identityToken = token.refresh_token ?? '';
    this.#header = `Bearer ${value}`;
    this.#expiresAtMs = Date.now() + (token.expires_in ?? defaultLifeSeconds) * 1000;
  }

  #getToken(realm: URL, service: string, scope: string, signal?: AbortSignal): Promise<HttpAnswer> {
    const url = new URL(realm);
    if (service !== '') url.searchParams.set('service', service);
    if (scope !== '') url.searchParams.set('scope', scope);
    if (this.#auth.username) url.searchParams.set('account', this.#auth.username);
    if (this.#offline) {
      url.searchParams.set('offline_token', 'true');
      url.searchParams.set('client_id', 'berth');
    }
    return send({
      method: 'GET',
      url,
      headers: this.#auth.username ? { authorization: this.#basic() } : {},
      insecure: this.#insecure,
      ...(signal === undefined ? {} : { signal }),
    });
  }
}

async function refusedLogin(answer: HttpAnswer): Promise<BerthError> {
  const problem = await problemOf(answer);
  const text = problemText(problem);
  if (answer.status === 429 || problem.code === 'TOOMANYREQUESTS') {
    return new BerthError('registry-rate-limited', text, { host: answer.url.host });
  }
  if (answer.status === 401 || answer.status === 403) {
    return new BerthError('registry-unauthorized', `unauthorized: ${problem.message}`, {
      host: answer.url.host,
    });
  }
  return new BerthError('registry-failed', `token request failed with status ${answer.status}: ${text}`, {
    host: answer.url.host,
  });
}

import * as z from 'zod';
import type { RegistryAuth } from '../api/images.ts';
import { BerthError } from '../errors.ts';
import { problemOf, problemText } from './answer-error.ts';
import { type Challenge, parseChallenge } from './challenge.ts';
import { type HttpAnswer, readSmall } from './http.ts';
import type { Transport } from './transport.ts';

/** A token without `expires_in` lives for a minute (distribution spec). */
const defaultLifeSeconds = 60;
/** A token is not used in its last seconds: the request must still arrive. */
const marginMs = 5_000;
const tokenLimitBytes = 1024 * 1024;

const tokenAnswer = z.looseObject({
  token: z.string().optional(),
  access_token: z.string().optional(),
  refresh_token: z.string().optional(),
  expires_in: z.number().optional(),
});

interface Token {
  header: string;
  /** After it the token is not used any more; ms since the epoch. */
  expiresAtMs: number;
}

/** Proves to one registry who asks: basic, or bearer tokens for the scopes that a request needs, renewed in time. */
export class Authorization {
  readonly #transport: Transport;
  readonly #auth: RegistryAuth;
  readonly #insecure: boolean;
  readonly #offline: boolean;
  readonly #tokens = new Map<string, Token>();
  #challenge: Challenge | undefined;
  #identityToken = '';
  /** `offline` asks token servers for an identity token too, which is what `docker login` keeps. */
  constructor(options: {
    transport: Transport;
    auth: RegistryAuth | undefined;
    insecure: boolean;
    offline?: boolean;
  }) {
    this.#transport = options.transport;
    this.#auth = options.auth ?? {};
    this.#insecure = options.insecure;
    this.#offline = options.offline ?? false;
  }

  /** What a token server gave to sign in with from now on; '' when it gave none. */
  get identityToken(): string {
    return this.#identityToken;
  }

  /**
   * Header for a request that needs these scopes; undefined before the registry has asked for one. A token that has run
   * out is renewed first, so that an upload does not end in a refusal.
   */
  async header(scope: string, signal?: AbortSignal): Promise<string | undefined> {
    if (this.#auth.registrytoken) return `Bearer ${this.#auth.registrytoken}`;
    if (this.#challenge === undefined) return undefined;
    if (this.#challenge.scheme === 'basic') return this.#basic();
    const known = this.#tokens.get(scope);
    if (known !== undefined && Date.now() < known.expiresAtMs) return known.header;
    return await this.#renew(this.#challenge.parameters, scope, signal);
  }

  /** Answers a 401. Throws registry-unauthorized where there is nothing (more) to offer. */
  async meet(
    answer: HttpAnswer,
    request: { scope: string; method: string; signal?: AbortSignal | undefined },
  ): Promise<void> {
    const challenge = parseChallenge(answer.headers['www-authenticate']);
    if (challenge === undefined) throw await refusedLogin(answer);
    answer.body.resume();
    this.#challenge = challenge;
    if (challenge.scheme === 'bearer') {
      await this.#renew(challenge.parameters, request.scope, request.signal);
      return;
    }
    if (!this.#auth.username) {
      throw new BerthError(
        'registry-unauthorized',
        `${request.method} "${answer.url.href}": no basic auth credentials`,
        { host: answer.url.host },
      );
    }
  }

  #basic(): string {
    return `Basic ${Buffer.from(`${this.#auth.username}:${this.#auth.password ?? ''}`).toString('base64')}`;
  }

  async #renew(parameters: Record<string, string>, scope: string, signal?: AbortSignal): Promise<string> {
    const answer = await this.#askTokenServer(parameters, scope, signal);
    if (answer.status !== 200) throw await refusedLogin(answer);
    const token = await readToken(answer);
    const value = token.token ?? token.access_token;
    if (!value) {
      throw new BerthError('registry-failed', 'authorization server did not include a token in the response');
    }
    this.#identityToken = token.refresh_token ?? '';
    const lifeMs = (token.expires_in ?? defaultLifeSeconds) * 1000;
    const header = `Bearer ${value}`;
    this.#tokens.set(scope, { header, expiresAtMs: Date.now() + Math.max(lifeMs - marginMs, lifeMs / 2) });
    return header;
  }

  async #askTokenServer(
    parameters: Record<string, string>,
    scope: string,
    signal?: AbortSignal,
  ): Promise<HttpAnswer> {
    const { realm, service = '' } = parameters;
    if (realm === undefined || !URL.canParse(realm)) {
      throw new BerthError('registry-failed', 'the registry names no token server');
    }
    const url = new URL(realm);
    if (url.protocol !== 'https:' && !this.#insecure) {
      throw new BerthError('registry-failed', `token server ${url.origin} is not reached by TLS`);
    }
    const more = { insecure: this.#insecure, ...(signal === undefined ? {} : { signal }) };
    if (this.#auth.identitytoken) {
      const fields = { service, client_id: 'berth', refresh_token: this.#auth.identitytoken };
      const form = new URLSearchParams({ grant_type: 'refresh_token', ...fields });
      if (scope !== '') form.set('scope', scope);
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      return await this.#transport.send({
        method: 'POST',
        url,
        headers,
        body: Buffer.from(form.toString()),
        ...more,
      });
    }
    if (service !== '') url.searchParams.set('service', service);
    for (const one of scope.split(' ')) if (one !== '') url.searchParams.append('scope', one);
    if (this.#auth.username) url.searchParams.set('account', this.#auth.username);
    if (this.#offline) {
      url.searchParams.set('offline_token', 'true');
      url.searchParams.set('client_id', 'berth');
    }
    const headers: Record<string, string> = this.#auth.username ? { authorization: this.#basic() } : {};
    return await this.#transport.send({ method: 'GET', url, headers, ...more });
  }
}

async function readToken(answer: HttpAnswer): Promise<z.infer<typeof tokenAnswer>> {
  const text = (await readSmall(answer, tokenLimitBytes)).toString('utf8');
  try {
    return tokenAnswer.parse(JSON.parse(text));
  } catch (error) {
    throw new BerthError('registry-failed', `unable to decode token response: ${(error as Error).message}`, {
      host: answer.url.host,
    });
  }
}

async function refusedLogin(answer: HttpAnswer): Promise<BerthError> {
  const problem = await problemOf(answer);
  const text = problemText(problem);
  const params = { host: answer.url.host };
  if (answer.status === 429 || problem.code === 'TOOMANYREQUESTS') {
    return new BerthError('registry-rate-limited', text, params);
  }
  if (answer.status === 401 || answer.status === 403) {
    return new BerthError('registry-unauthorized', `unauthorized: ${problem.message}`, params);
  }
  return new BerthError(
    'registry-failed',
    `token request failed with status ${answer.status}: ${text}`,
    params,
  );
}

import { createHash, createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server of bearer tokens, as registries with token authentication name one (distribution's token spec). */
export interface TokenServer extends AsyncDisposable {
  /** URL for the registry's configuration. */
  readonly realm: string;
  /** Every question so far: the user, and what was asked for. */
  readonly asked: { user: string; scopes: string[]; grant: 'password' | 'refresh' | 'anonymous' }[];
}

export const tokenIssuer = 'berth-test-issuer';
export const tokenService = 'berth-test-registry';

/**
 * Gives tokens signed by the key: to the user for everything, to nobody for pulling from `public/…` only. `lifeSeconds`
 * is how long they are good.
 */
export async function startTokenServer(options: {
  certificate: string;
  key: string;
  user: { name: string; password: string };
  lifeSeconds?: number;
}): Promise<TokenServer> {
  const { user, lifeSeconds = 300 } = options;
  const asked: TokenServer['asked'] = [];
  const refreshToken = createHash('sha256').update(user.password).digest('hex');
  const server = createServer(async (request, response) => {
    const question = await read(request);
    const grant =
      question.refresh !== undefined ? 'refresh' : question.user === '' ? 'anonymous' : 'password';
    asked.push({ user: question.user, scopes: question.scopes, grant });
    const known =
      grant === 'refresh'
        ? question.refresh === refreshToken
        : question.user === user.name && question.password === user.password;
    if (grant !== 'anonymous' && !known) {
      response.writeHead(401, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ details: 'incorrect username or password' }));
      return;
    }
    const access = question.scopes.flatMap((scope) => granted(scope, known));
    const token = signToken({ ...options, access, lifeSeconds, subject: question.user });
    const more = question.offline && known ? { refresh_token: refreshToken } : {};
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ token, access_token: token, expires_in: lifeSeconds, ...more }));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    realm: `http://127.0.0.1:${port}/token`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Question {
  user: string;
  password: string;
  scopes: string[];
  offline: boolean;
  refresh: string | undefined;
}

/** The GET form with basic authentication, and the POST form of OAuth2 with a refresh token. */
async function read(request: IncomingMessage): Promise<Question> {
  const url = new URL(request.url ?? '/', 'http://token');
  if (request.method === 'POST') {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const form = new URLSearchParams(text);
    const scopes = (form.get('scope') ?? '').split(' ').filter(Boolean);
    return { user: '', password: '', scopes, offline: false, refresh: form.get('refresh_token') ?? '' };
  }
  const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const [user = '', password = ''] = Buffer.from(basic, 'base64').toString().split(':');
  const offline = url.searchParams.get('offline_token') === 'true';
  return { user, password, scopes: url.searchParams.getAll('scope'), offline, refresh: undefined };
}

function granted(scope: string, known: boolean): { type: string; name: string; actions: string[] }[] {
  const [type = '', name = '', actions = ''] = scope.split(':');
  if (known) return [{ type, name, actions: actions.split(',') }];
  return name.startsWith('public/') ? [{ type, name, actions: ['pull'] }] : [];
}

function signToken(options: {
  certificate: string;
  key: string;
  subject: string;
  lifeSeconds: number;
  access: unknown;
}): string {
  const now = Math.floor(Date.now() / 1000);
  const pem = readFileSync(options.certificate, 'utf8');
  const header = { typ: 'JWT', alg: 'RS256', x5c: [pem.replace(/-----[A-Z ]+-----|\s/g, '')] };
  const claims = {
    iss: tokenIssuer,
    sub: options.subject,
    aud: tokenService,
    exp: now + options.lifeSeconds,
    nbf: now - 10,
    iat: now,
    jti: String(Math.random()),
    access: options.access,
  };
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const payload = `${encode(header)}.${encode(claims)}`;
  const key = createPrivateKey(readFileSync(options.key));
  return `${payload}.${sign('sha256', Buffer.from(payload), key).toString('base64url')}`;
}

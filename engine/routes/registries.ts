import * as z from 'zod';
import { BerthError } from '../errors.ts';
import { type Route, route } from '../http/router.ts';
import type { Engine } from '../system/engine.ts';
import { registryAuth } from './registry-auth.ts';

const searchLimit = 25;

/** Body of POST /auth; the CLI sends more (email, identity token), which a sign-in by password has no use for. */
const signInRequest = z.looseObject({
  username: z.string().default(''),
  password: z.string().default(''),
  serveraddress: z.string().default(''),
  identitytoken: z.string().default(''),
});

/** Questions to registries that concern no image here: sign-in, search, a name's digest and platforms. */
export function registryRoutes({ images }: Engine): Route[] {
  return [
    route('POST', '/auth', async ({ json, signal, reply }) => {
      const { username, password, serveraddress, identitytoken } = await json(signInRequest);
      const token = await images.signIn({ username, password, serveraddress, identitytoken }, signal);
      reply.json({ Status: 'Login Succeeded', IdentityToken: token });
    }),
    route('GET', '/images/search', async (context) => {
      const { query, signal, reply } = context;
      const options = { limit: limit(query.text('limit')), filters: query.filters(), signal };
      reply.json(await images.search({ term: query.text('term'), ...options, ...registryAuth(context) }));
    }),
    route('GET', '/distribution/*name/json', async (context) => {
      const { params, signal, reply } = context;
      reply.json(await images.distribution(params.name, { signal, ...registryAuth(context) }));
    }),
  ];
}

function limit(text: string): number {
  if (text === '') return searchLimit;
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  const detail = `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`;
  throw new BerthError('bad-parameter', `invalid limit specified: ${detail}`, { name: 'limit', value: text });
}

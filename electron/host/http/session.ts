import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import * as z from 'zod';
import { writeFileAtomic } from '../atomic-file.ts';

/** A page is opened at once after its token was minted; a forgotten URL must not stay a key. */
const tokenLifeMs = 5 * 60_000;
/** Sessions kept: one a tab. The oldest goes first. */
const sessionLimit = 64;

/**
 * One-time tokens, which open a page, and session secrets, which a page keeps. Only digests are stored, in a 0600
 * file of the runtime directory, so that pages survive a crashed host and the file opens nothing.
 */
export class Sessions {
  readonly #file: string;
  readonly #tokens = new Map<string, number>();
  #sessions: string[];

  constructor(file: string) {
    this.#file = file;
    this.#sessions = existsSync(file) ? z.array(z.string()).catch([]).parse(readJson(file)) : [];
  }

  /** A token that can be exchanged once. */
  mint(nowMs = Date.now()): string {
    const token = randomBytes(32).toString('base64url');
    this.#tokens.set(digest(token), nowMs + tokenLifeMs);
    return token;
  }

  /** The session secret for a token, or undefined when the token is unknown, used or too old. */
  exchange(token: string, nowMs = Date.now()): string | undefined {
    const key = digest(token);
    const expires = this.#tokens.get(key);
    this.#tokens.delete(key);
    for (const [other, at] of this.#tokens) if (at <= nowMs) this.#tokens.delete(other);
    if (expires === undefined || expires <= nowMs) return undefined;
    const secret = randomBytes(32).toString('base64url');
    this.#sessions = [...this.#sessions, digest(secret)].slice(-sessionLimit);
    writeFileAtomic(this.#file, JSON.stringify(this.#sessions));
    return secret;
  }

  knows(secret: string): boolean {
    // Digests are compared, so the time taken tells nothing about the secret itself.
    return this.#sessions.includes(digest(secret));
  }
}

function digest(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown;
  } catch {
    return [];
  }
}

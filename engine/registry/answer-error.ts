import type { ErrorParams } from '../api/errors.ts';
import { BerthError } from '../errors.ts';
import { parseChallenge } from './challenge.ts';
import { type HttpAnswer, readSmall } from './http.ts';
import { retryAfterSeconds } from './retry-after.ts';

/** One entry of the distribution API's error body. */
export interface RegistryProblem {
  code: string;
  message: string;
}

const bodyLimitBytes = 64 * 1024;

/** What a registry said in an answer that is not 2xx. */
export async function problemOf(answer: HttpAnswer): Promise<RegistryProblem> {
  const denied = bearerProblem(answer);
  if (denied !== undefined) {
    answer.body.resume();
    return denied;
  }
  const text = await readSmall(answer, bodyLimitBytes).then(
    (bytes) => bytes.toString('utf8'),
    () => '',
  );
  try {
    const parsed = JSON.parse(text) as {
      errors?: { code?: unknown; message?: unknown }[];
      details?: unknown;
    };
    const first = parsed.errors?.[0];
    if (first !== undefined) {
      const code = String(first.code ?? 'UNKNOWN');
      return { code, message: String(first.message ?? code.toLowerCase()) };
    }
    if (typeof parsed.details === 'string') return { code: codeOf(answer.status), message: parsed.details };
  } catch {
    // Not the API's form: proxies and gateways answer in HTML.
  }
  return { code: codeOf(answer.status), message: text.slice(0, 200).trim() || `status ${answer.status}` };
}

/** A token that is not good enough says so in the challenge (RFC 6750, 3.1), which counts more than the body. */
function bearerProblem({ headers }: HttpAnswer): RegistryProblem | undefined {
  const problem = parseChallenge(headers['www-authenticate'])?.parameters.error;
  if (problem === 'insufficient_scope') {
    return { code: 'DENIED', message: 'requested access to the resource is denied' };
  }
  if (problem === 'invalid_token') return { code: 'UNAUTHORIZED', message: 'authentication required' };
  return undefined;
}

function codeOf(status: number): string {
  switch (status) {
    case 401:
      return 'UNAUTHORIZED';
    case 403:
      return 'DENIED';
    case 404:
      return 'NOT_FOUND';
    case 429:
      return 'TOOMANYREQUESTS';
    default:
      return 'UNKNOWN';
  }
}

/** "manifest unknown: manifest unknown", as Go's errcode prints it. */
export function problemText(problem: RegistryProblem): string {
  return `${problem.code.toLowerCase().replaceAll('_', ' ')}: ${problem.message}`;
}

/** The error of a refused call about a repository, in Docker's words. `name` and `familiar` are as people write them. */
export function refusal(
  answer: HttpAnswer,
  problem: RegistryProblem,
  subject: { name: string; familiar: string; push: boolean },
): BerthError {
  const text = problemText(problem);
  const params = { name: subject.name, reference: subject.familiar, detail: problem.message };
  switch (problem.code) {
    case 'MANIFEST_UNKNOWN':
      return new BerthError(
        'registry-not-found',
        `manifest for ${subject.familiar} not found: ${text}`,
        params,
      );
    case 'NAME_UNKNOWN':
      return new BerthError('registry-not-found', `repository ${subject.name} not found: ${text}`, params);
    case 'DENIED':
      return new BerthError(
        'registry-denied',
        subject.push
          ? text
          : `pull access denied for ${subject.name}, repository does not exist or may require 'docker login': ${text}`,
        params,
      );
    case 'UNAUTHORIZED':
      return new BerthError('registry-unauthorized', text, params);
    case 'TOOMANYREQUESTS':
      return rateLimited(answer, text, params);
    default:
      if (answer.status === 429) return rateLimited(answer, text, params);
      if (answer.status === 404) {
        return new BerthError(
          'registry-not-found',
          `manifest for ${subject.familiar} not found: ${text}`,
          params,
        );
      }
      return new BerthError(
        'registry-failed',
        `received unexpected HTTP status: ${answer.status} (${text})`,
        params,
      );
  }
}

/** With the time at which the registry takes questions again, where it says one. */
function rateLimited(answer: HttpAnswer, text: string, params: ErrorParams): BerthError {
  const seconds = retryAfterSeconds(answer);
  if (seconds === undefined) return new BerthError('registry-rate-limited', text, params);
  const retryAt = new Date(Date.now() + seconds * 1000).toISOString();
  return new BerthError('registry-rate-limited', `${text} (try again after ${retryAt})`, {
    ...params,
    retryAt,
  });
}

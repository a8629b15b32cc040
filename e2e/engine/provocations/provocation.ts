import type { ErrorCode, ErrorParams } from '../../../engine/api/errors.ts';
import type { ApiAnswer, TestEngine } from '../engine.ts';

/** What an engine answered when it was provoked; `code` is undefined for answers without a body (304). */
export interface Provoked {
  status: number;
  message: string;
  code: ErrorCode | undefined;
  params: ErrorParams;
}

export interface Provoking {
  /** Sees the paths of binds. */
  engine: TestEngine;
  /** Of a machine that does not see the desktop's. */
  desktop: TestEngine;
}

/** One way to each code. A code stands in one of the files here. */
export type Provocations = Partial<Record<ErrorCode, (on: Provoking) => Promise<Provoked>>>;

interface ErrorLine {
  message?: string;
  error?: string;
  berth?: { code: ErrorCode; params: ErrorParams };
}

/** Reads an answer: the error form, or the last line of a stream whose status had gone out. */
export function provoked(answer: ApiAnswer): Provoked {
  const lines = answer.text.trim().split('\n');
  const last = answer.text.trim() === '' ? {} : (JSON.parse(lines.at(-1) ?? '{}') as ErrorLine);
  return {
    status: answer.status,
    message: last.message ?? last.error ?? '',
    code: last.berth?.code,
    params: last.berth?.params ?? {},
  };
}

export async function call(
  engine: TestEngine,
  method: string,
  path: string,
  body?: unknown,
): Promise<Provoked> {
  return provoked(await engine.api(method, path, { body }));
}

/** Makes a container by the API and gives its id; throws when the engine refuses. */
export async function made(engine: TestEngine, body: object): Promise<string> {
  const answer = await engine.api('POST', '/containers/create', { body: { Image: 'busybox', ...body } });
  if (answer.status !== 201) throw new Error(answer.text);
  return (answer.json() as { Id: string }).Id;
}

/** Makes and starts a container that goes on, and gives its id. */
export async function running(engine: TestEngine, body: object = {}): Promise<string> {
  const id = await made(engine, { Cmd: ['sleep', '1000'], ...body });
  const started = await engine.api('POST', `/containers/${id}/start`);
  if (started.status !== 204) throw new Error(started.text);
  return id;
}

/** The answer to the start of a container that cannot start. */
export async function refusedStart(engine: TestEngine, body: object): Promise<Provoked> {
  const id = await made(engine, body);
  return await call(engine, 'POST', `/containers/${id}/start`);
}

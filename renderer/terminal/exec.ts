import { EngineError } from '../../engine/api/client.ts';
import type { ExecInspect } from '../../engine/api/containers.ts';
import { type EngineStream, engine, openStream } from '../bridge/index.ts';

/** Which shell to open: `auto` tries bash and takes sh where the image has no bash. */
export type Shell = 'auto' | 'bash' | 'sh';

export interface TerminalSize {
  columns: number;
  rows: number;
}

export interface OpenedShell {
  execId: string;
  shell: 'bash' | 'sh';
  /** True where bash was looked for and is not in the image. */
  fellBack: boolean;
  stream: EngineStream;
  /** Output that was read while finding out whether the shell runs. */
  first: AsyncIterator<Uint8Array>;
  pending: IteratorResult<Uint8Array>;
}

/** The image has none of the shells that were tried. */
export class NoShell extends Error {
  readonly tried: readonly string[];
  constructor(tried: readonly string[]) {
    super(`no shell: ${tried.join(', ')}`);
    this.name = 'NoShell';
    this.tried = tried;
  }
}

const notFound = /executable file not found|no such file or directory/i;

function isMissing(error: unknown): boolean {
  return (
    error instanceof EngineError &&
    (error.berth?.code === 'command-not-found' || notFound.test(error.message))
  );
}

/** Throws the engine's refusal that a stream was opened with. */
async function refuse(stream: EngineStream): Promise<never> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of stream.body) text += decoder.decode(chunk, { stream: true });
  try {
    throw new EngineError(stream.status, JSON.parse(text) as { message: string });
  } catch (error) {
    throw error instanceof EngineError ? error : new EngineError(stream.status, { message: text });
  }
}

/** 126 and 127 are what Docker reports where the command itself could not be run. */
async function endedWithoutShell(execId: string, pending: IteratorResult<Uint8Array>): Promise<boolean> {
  if (pending.done !== true && !notFound.test(new TextDecoder().decode(pending.value))) return false;
  const { Running, ExitCode } = await engine.call<ExecInspect>('GET', `/exec/${execId}/json`);
  return !Running && (ExitCode === 126 || ExitCode === 127);
}

async function openOne(
  containerId: string,
  shell: 'bash' | 'sh',
  size: TerminalSize,
): Promise<Omit<OpenedShell, 'fellBack'> | null> {
  const consoleSize = [size.rows, size.columns];
  try {
    const { Id } = await engine.call<{ Id: string }>('POST', `/containers/${containerId}/exec`, {
      body: {
        AttachStdin: true,
        AttachStdout: true,
        AttachStderr: true,
        Tty: true,
        ConsoleSize: consoleSize,
        Env: ['TERM=xterm-256color', 'COLORTERM=truecolor'],
        Cmd: [shell],
      },
    });
    const stream = await openStream({
      method: 'POST',
      path: `/exec/${Id}/start`,
      body: { Detach: false, Tty: true, ConsoleSize: consoleSize },
      upgrade: true,
    });
    if (stream.status >= 400) await refuse(stream);
    const first = stream.body[Symbol.asyncIterator]();
    const pending = await first.next();
    if (await endedWithoutShell(Id, pending)) {
      stream.close();
      return null;
    }
    return { execId: Id, shell, stream, first, pending };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Starts a shell with a terminal in a running container. Throws NoShell, or the engine's refusal. */
export async function openShell(
  containerId: string,
  wanted: Shell,
  size: TerminalSize,
): Promise<OpenedShell> {
  const candidates: readonly ('bash' | 'sh')[] = wanted === 'auto' ? ['bash', 'sh'] : [wanted];
  for (const shell of candidates) {
    const opened = await openOne(containerId, shell, size);
    if (opened) return { ...opened, fellBack: wanted === 'auto' && shell === 'sh' };
  }
  throw new NoShell(candidates);
}

/** Tells the shell its terminal's size. A shell that has just ended has none. */
export async function resizeShell(execId: string, size: TerminalSize): Promise<void> {
  try {
    await engine.call('POST', `/exec/${execId}/resize`, { query: { h: size.rows, w: size.columns } });
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
  }
}

/** The shell's exit code; null while it runs or where the engine does not know it any more. */
export async function shellExitCode(execId: string): Promise<number | null> {
  try {
    const { Running, ExitCode } = await engine.call<ExecInspect>('GET', `/exec/${execId}/json`);
    return Running ? null : ExitCode;
  } catch {
    return null;
  }
}

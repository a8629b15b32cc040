import type { WaitCondition } from '../api/containers.ts';
import { BerthError } from '../errors.ts';
import type { Container } from './container.ts';

export function parseWaitCondition(text: string): WaitCondition {
  if (text === '' || text === 'not-running') return 'not-running';
  if (text === 'next-exit' || text === 'removed') return text;
  throw new BerthError('bad-parameter', `invalid condition: "${text}"`, { condition: text });
}

/** The exit code once the condition holds; undefined when the signal aborts first. Listens from the call on. */
export function waitFor(
  container: Container,
  condition: WaitCondition,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (condition === 'not-running' && !container.running) {
    return Promise.resolve(container.state.exitCode);
  }
  return new Promise((resolve) => {
    let exitCode = container.state.exitCode;
    const settle = (code: number | undefined) => {
      container.signals.off('exit', onExit).off('removed', onRemoved);
      signal.removeEventListener('abort', onAbort);
      resolve(code);
    };
    const onExit = (code: number) => {
      exitCode = code;
      if (condition !== 'removed') settle(code);
    };
    const onRemoved = () => settle(exitCode);
    const onAbort = () => settle(undefined);
    container.signals.on('exit', onExit).on('removed', onRemoved);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}

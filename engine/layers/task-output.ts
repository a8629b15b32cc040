import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RunningTask } from './unpack-program.ts';

/** The program's output, which ends well only when the program did; destroying it ends the program. */
export function taskOutput(task: RunningTask, end: AbortController): Readable {
  const output = new PassThrough();
  output.once('close', () => end.abort());
  const finished = (async () => {
    const [copied, result] = await Promise.allSettled([
      pipeline(task.stdout!, output, { end: false }),
      task.result,
    ]);
    if (result.status === 'rejected') throw result.reason;
    if (copied.status === 'rejected') throw copied.reason;
    output.end();
  })();
  finished.catch((error: Error) => output.destroy(error));
  return output;
}

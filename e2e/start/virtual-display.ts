import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** An X display without a screen, for programs that open windows. */
export class VirtualDisplay implements AsyncDisposable {
  /** As in DISPLAY. */
  readonly name: string;
  readonly #process: ChildProcess;

  private constructor(name: string, process: ChildProcess) {
    this.name = name;
    this.#process = process;
  }

  /** Starts one under a number that it finds free itself. */
  static async start(): Promise<VirtualDisplay> {
    const words = ['-displayfd', '3', '-screen', '0', '1440x900x24', '-nolisten', 'tcp'];
    const server = spawn('Xvfb', words, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
    const ended = once(server, 'exit').then(() => Promise.reject(new Error('Xvfb ended at its start')));
    const [number] = (await Promise.race([
      once(server.stdio[3] as NodeJS.ReadableStream, 'data'),
      ended,
    ])) as [Buffer];
    ended.catch(() => undefined);
    return new VirtualDisplay(`:${number.toString().trim()}`, server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await ended;
  }
}

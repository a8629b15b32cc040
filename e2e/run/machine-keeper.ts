import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { sharedMachineVariable } from '../machine/shared-machine.ts';

/**
 * Boots the machine that several suites share when the first of them asks, and ends it after the last. It runs in a
 * process of its own, because a suite's runner holds this one up.
 */
export class MachineKeeper implements AsyncDisposable {
  #child: ChildProcess | undefined;
  #environment: Promise<Record<string, string>> | undefined;

  /** What tells a runner's child of the machine. Rejects when it did not boot; its words are on stderr then. */
  environment(): Promise<Record<string, string>> {
    this.#environment ??= this.#boot();
    return this.#environment;
  }

  async #boot(): Promise<Record<string, string>> {
    console.log('\nBooting the machine that the next suites share …');
    const child = spawn(process.execPath, ['e2e/machine/serve.ts'], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    const lines = createInterface({ input: child.stdout });
    const [line] = (await Promise.race([once(lines, 'line'), once(lines, 'close')])) as [string?];
    if (line === undefined) throw new Error('the machine of the tests did not boot');
    return { [sharedMachineVariable]: line };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.stdin?.end();
    await ended;
  }
}

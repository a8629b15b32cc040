import type { TestProject } from 'vitest/node';
import { type SharedMachine, sharedMachineVariable, startSharedMachine } from './shared-machine.ts';

declare module 'vitest' {
  interface ProvidedContext {
    machine: SharedMachine;
  }
}

/** One boot for all test files: the runner's, or our own where Vitest was started alone. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const given = process.env[sharedMachineVariable];
  if (given !== undefined) {
    project.provide('machine', JSON.parse(given) as SharedMachine);
    return undefined;
  }
  const { shared, end } = await startSharedMachine();
  project.provide('machine', shared);
  return end;
}

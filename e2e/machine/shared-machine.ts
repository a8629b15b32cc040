import { startTestRegistry } from '../images/catalogue.ts';
import { type MachinePlace, TestMachine } from './test-machine.ts';

/** What the tests are told of the one machine they share. */
export interface SharedMachine extends MachinePlace {
  /** The test images' registry as the machine sees it: 10.0.2.2 is the desktop's loopback. */
  registry: string;
}

/** Names the shared machine, as JSON, to a runner's child that is not to boot its own. */
export const sharedMachineVariable = 'BERTH_TEST_MACHINE';

/** Serves the test images and boots the machine. The tests leave it running as they found it. */
export async function startSharedMachine(): Promise<{ shared: SharedMachine; end(): Promise<void> }> {
  const registry = await startTestRegistry();
  const address = `10.0.2.2:${registry.port}`;
  const machine = TestMachine.make('e2e', {
    settings: { machine: { memoryMiB: 1536 }, engine: { 'insecure-registries': [address] } },
  });
  const end = async () => {
    await machine.remove();
    await registry[Symbol.asyncDispose]();
  };
  try {
    await machine.start();
    return { shared: { ...machine.place, registry: address }, end };
  } catch (error) {
    await end();
    throw error;
  }
}

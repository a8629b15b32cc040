import { startSharedMachine } from './shared-machine.ts';

/**
 * Keeps the shared machine for suites of several runners: prints one line of JSON, a SharedMachine, once it runs, and
 * ends it when its stdin does, which a runner that dies closes too.
 */
const { shared, end } = await startSharedMachine();
console.log(JSON.stringify(shared));
process.stdin.resume();
await new Promise((resolve) => process.stdin.once('end', resolve));
await end();

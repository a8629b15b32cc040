import { Host } from './host.ts';
import { AlreadyRunning } from './lock.ts';
import { type HostOptions, parseHostOptions } from './options.ts';

/** Exit codes: 0 asked to end, 2 wrong options, 3 another host runs, 1 anything else. */
async function main(): Promise<number> {
  let options: HostOptions;
  try {
    options = parseHostOptions(process.argv.slice(2));
  } catch (error) {
    console.error((error as Error).message);
    return 2;
  }
  try {
    const host = await Host.open(options);
    console.log(`berth host: pid ${process.pid}, http://127.0.0.1:${host.port}`);
    // Whoever started this process in the background waits for this word and then lets go.
    process.send?.('ready', () => process.connected && process.disconnect());
    // The machine outlives its host; only POST /api/quit stops both.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => void host.close({ stopMachine: false }));
    }
    await host.ended;
    return 0;
  } catch (error) {
    console.error(error instanceof AlreadyRunning ? error.message : error);
    return error instanceof AlreadyRunning ? 3 : 1;
  }
}

process.exit(await main());

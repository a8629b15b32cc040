import { startEngine } from '../engine/engine.ts';
import { killRounds } from '../engine/kill-rounds.ts';
import { writeProof } from './record.ts';

/**
 * npm run proof -- kills: five hundred kills of engine, shims and both (BERTH_ROUNDS and BERTH_SEED say otherwise), see
 * e2e/engine/kill-rounds.ts for what must hold after each and in the end.
 */
export async function proveKills(): Promise<boolean> {
  const rounds = Number(process.env.BERTH_ROUNDS ?? 500);
  const seed = Number(process.env.BERTH_SEED ?? Date.now() % 1_000_000);
  const engine = await startEngine();
  try {
    await engine.importBusybox();
    const counts = await killRounds(engine, { rounds, seed, tell: console.log });
    const { engine: engines, shim: shims, both } = counts;
    writeProof('kills', {
      title: 'Kills of engine and monitors',
      lines: [
        `${rounds} rounds, seed ${seed}: the engine killed ${engines} times, a container's monitor ${shims} times, both`,
        `${both} times, at a random moment of a container's life of some 100 ms.`,
        '',
        'After each round a container whose monitor lived had its exit code and every byte of its log, one whose monitor',
        'was killed was told as ended, and another container ran on untouched. In the end there was no process, mount,',
        'cgroup, network device or directory of any of them.',
      ],
    });
    return true;
  } catch (error) {
    console.error(String(error));
    return false;
  } finally {
    await engine[Symbol.asyncDispose]();
  }
}

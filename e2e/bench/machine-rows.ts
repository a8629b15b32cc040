import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureHost } from '../../electron/cli/host-process.ts';
import type { HostClient } from '../../electron/host/api/client.ts';
import { hostFiles } from '../../electron/host/files.ts';
import { agentTransport, engineAgent } from '../../electron/host/machine/engine-watch.ts';
import type { Link } from '../../electron/host/machine/link.ts';
import { connectSsh } from '../../electron/host/machine/ssh.ts';
import { hostOptions } from '../../electron/host/options.ts';
import { type EngineClient, engineClient } from '../../engine/api/client.ts';
import { clientOf, residentMB } from './contestant.ts';
import { startDebianGuest } from './debian-guest.ts';
import { instructionCounter } from './instruction-counter.ts';
import { type Row, summarize } from './samples.ts';

const rounds = 3;
const idleSeconds = 30;

interface Booted extends AsyncDisposable {
  engine: EngineClient;
  qemuPid: number;
  ms: number;
}

/** From the start of QEMU to the engine's first answer on the desktop, ours and the plain Debian guest by turns. */
export async function* machineRows(data: string): AsyncGenerator<Row> {
  const names = ['Berth', 'Debian guest'];
  const boots = names.map(() => [] as number[]);
  const guestMB = names.map(() => [] as number[]);
  const hostMB = names.map(() => [] as number[]);
  const idleMs = names.map(() => [] as number[]);
  yield await instructionsRow(data);
  const ours = await openOurs(data, 'bench');
  try {
    yield first(await measureFirst(ours));
    for (let round = 0; round < rounds; round += 1) {
      for (const [index, boot] of [() => bootOurs(ours), () => bootDebian(data)].entries()) {
        await using machine = await boot();
        boots[index]?.push(machine.ms);
        const { memoryBytes } = await machine.engine.status();
        guestMB[index]?.push((memoryBytes.total - memoryBytes.available) / 2 ** 20);
        hostMB[index]?.push(residentMB(machine.qemuPid));
        if (round === 0) idleMs[index]?.push(await idleCpu(machine.qemuPid));
      }
    }
  } finally {
    await ours.client.quit();
  }
  const row = (figure: string, unit: Row['unit'], target: string, values: number[][]): Row => ({
    figure,
    unit,
    target,
    results: names.map((contestant, index) => ({ contestant, samples: summarize(values[index] ?? []) })),
  });
  yield row('QEMU’s start → first answer on the desktop’s socket (emulated)', 'ms', '≤ 0.25×', boots);
  yield row('memory used in the idle guest, engine included', 'MB', '≤ 110 MB', guestMB);
  yield row('resident memory of QEMU after the boot', 'MB', '–', hostMB);
  yield row(`processor time of the idle machine in a minute`, 'ms', '≤ 600 ms', idleMs);
}

/** Guest instructions to the first answer: what a boot costs, whatever else the computer does. */
async function instructionsRow(data: string): Promise<Row> {
  const counter = instructionCounter(join(data, 'counter'));
  const path = process.env.PATH;
  process.env.PATH = `${counter.directory}:${path}`;
  const ours = await openOurs(data, 'counted').finally(() => {
    process.env.PATH = path;
  });
  const values: number[] = [];
  try {
    await ours.client.changeSettings({ machine: { kind: 'qemu', cpus: 1, diskGiB: 64 } });
    await measureFirst(ours);
    for (let round = 0; round < rounds; round += 1) {
      await using machine = await bootOurs(ours);
      values.push(counter.read());
      await machine.engine.version();
    }
  } finally {
    await ours.client.quit();
  }
  return {
    figure: 'guest instructions to the first answer, in thousands of millions (one processor)',
    unit: 'G',
    target: '≤ 3.3 G',
    results: [{ contestant: 'Berth', samples: summarize(values) }],
  };
}

interface Ours {
  client: HostClient;
  socket: string;
  running: string;
}

async function openOurs(data: string, instance: string): Promise<Ours> {
  // Sockets do not fit below the data directory.
  const values = { 'data-dir': join(data, instance), 'runtime-dir': '/tmp/berth-bench', instance };
  const options = hostOptions(values);
  const files = hostFiles(options, options.instance);
  const words = Object.entries(values).flatMap(([name, value]) => [`--${name}`, value]);
  const client = await ensureHost(files, words);
  return { client, socket: files.dockerSocket, running: files.machine.running };
}

/** The first boot: the disk is made and the engine pushed. */
async function measureFirst(ours: Ours): Promise<number> {
  await using machine = await bootOurs(ours);
  return machine.ms;
}

function first(ms: number): Row {
  return {
    figure: 'the first boot, with making the disk and pushing the engine',
    unit: 'ms',
    target: '–',
    results: [{ contestant: 'Berth', samples: summarize([ms]) }],
  };
}

async function bootOurs({ client, socket, running }: Ours): Promise<Booted> {
  const start = performance.now();
  await client.startMachine();
  const engine = clientOf(socket);
  await firstAnswer(engine);
  const ms = performance.now() - start;
  const { pid } = JSON.parse(readFileSync(running, 'utf8')) as { pid: number };
  return {
    engine,
    qemuPid: pid,
    ms,
    async [Symbol.asyncDispose]() {
      await client.stopMachine();
      while ((await client.state()).machine.phase !== 'stopped') await delay(200);
    },
  };
}

async function bootDebian(data: string): Promise<Booted> {
  const start = performance.now();
  const guest = await startDebianGuest({ cpus: 2, memoryMiB: 2048, log: join(data, 'debian-guest.log') });
  const link = await reach(guest.port, guest.keysFile);
  const agent = engineAgent(link, '/run/berth/default/engine.sock');
  const engine = engineClient(agentTransport(agent));
  await firstAnswer(engine);
  return {
    engine,
    qemuPid: guest.pid,
    ms: performance.now() - start,
    async [Symbol.asyncDispose]() {
      agent.destroy();
      link.close();
      await guest[Symbol.asyncDispose]();
    },
  };
}

/** Connects as soon as sshd lets us in. */
async function reach(port: number, keysFile: string): Promise<Link> {
  const keys = JSON.parse(readFileSync(keysFile, 'utf8')) as { clientKey: string; hostKeyPublic: string };
  const signal = AbortSignal.timeout(300_000);
  for (;;) {
    signal.throwIfAborted();
    try {
      return await connectSsh({ host: '127.0.0.1', port, user: 'root', ...keys }, { signal });
    } catch {
      await delay(100);
    }
  }
}

async function firstAnswer(engine: EngineClient): Promise<void> {
  const signal = AbortSignal.timeout(300_000);
  for (;;) {
    signal.throwIfAborted();
    try {
      await engine.version();
      return;
    } catch {
      await delay(50);
    }
  }
}

/** Processor milliseconds of a process in a minute of doing nothing. */
async function idleCpu(pid: number): Promise<number> {
  await delay(10_000);
  const before = cpuMs(pid);
  await delay(idleSeconds * 1000);
  return (cpuMs(pid) - before) * (60 / idleSeconds);
}

/** utime and stime of /proc/pid/stat, in ticks of 10 ms. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

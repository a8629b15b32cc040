import { setTimeout as delay } from 'node:timers/promises';
import type { HostClient } from '../host/api/client.ts';
import type { HostState } from '../host/api/machine.ts';
import type { HostFiles } from '../host/files.ts';
import { engine } from './engine.ts';
import { connectHost, ensureHost, hostLives } from './host-process.ts';
import { problemLine, stageLine, statusText } from './report.ts';
import { openWindow } from './window.ts';

export interface CommandContext {
  positionals: string[];
  /** Handed on to a host that has to be started. */
  hostArguments: string[];
  files: HostFiles;
  window: boolean;
  wait: boolean;
  follow: boolean;
  host: boolean;
}

export const usage = `Usage: berth COMMAND [options]

  start                  start the machine and wait until its engine answers (--no-wait: do not)
  stop                   stop the machine cleanly (--host: the background process too)
  status                 say what runs
  open                   open the app, starting what it needs (--no-window: print the address)
  logs [serial|engine]   the machine's serial line or the engine's log (-f: follow)
  engine verify          prove that no stored layer has changed on disk

Options of all: --machine qemu|local, --instance NAME, --data-dir, --runtime-dir, --image-dir, --bundle-dir`;

/** How often a waiting command asks the host again. */
const pollMs = 300;
/** A browser's first start on a busy computer. */
const windowTimeoutMs = 20_000;

export const commands: Record<string, (context: CommandContext) => Promise<number>> = {
  start,
  stop,
  status,
  open,
  logs,
  engine,
};

async function start(context: CommandContext): Promise<number> {
  const client = await ensureHost(context.files, context.hostArguments);
  await client.startMachine();
  return context.wait ? await waitUntilRunning(client) : 0;
}

/** Follows a start to its end and prints each stage once it is over. */
async function waitUntilRunning(client: HostClient): Promise<number> {
  const told = new Set<string>();
  for (;;) {
    const { machine } = await client.state();
    for (const stage of machine.stages) {
      const over = stage.state === 'done' || stage.state === 'warning' || stage.state === 'failed';
      if (!over || told.has(stage.name)) continue;
      told.add(stage.name);
      console.log(stageLine(stage));
    }
    if (machine.phase === 'running') {
      console.log(`docker -H unix://${machine.engine.socket} …  or  docker --context berth …`);
      return 0;
    }
    if (machine.phase === 'failed' || machine.phase === 'degraded' || machine.phase === 'stopped') {
      console.error(machine.problem ? problemLine(machine.problem) : `The machine is ${machine.phase}.`);
      return 1;
    }
    await delay(pollMs);
  }
}

async function stop(context: CommandContext): Promise<number> {
  if (!hostLives(context.files)) {
    console.log('Nothing runs.');
    return 0;
  }
  const client = connectHost(context.files);
  await (context.host ? client.quit() : client.stopMachine());
  for (;;) {
    if (!hostLives(context.files)) break;
    const state = await client.state().catch(() => undefined);
    if (!context.host && state && ['stopped', 'failed'].includes(state.machine.phase)) break;
    await delay(pollMs);
  }
  console.log(context.host ? 'Machine and host have stopped.' : 'The machine has stopped.');
  return 0;
}

async function status(context: CommandContext): Promise<number> {
  if (!hostLives(context.files)) {
    console.log('machine   stopped\nhost      not running');
    return 0;
  }
  console.log(statusText(await connectHost(context.files).state()));
  return 0;
}

async function open(context: CommandContext): Promise<number> {
  const client = await ensureHost(context.files, context.hostArguments);
  const askedAtMs = Date.now();
  const { url } = await client.openPage();
  const opened = context.window
    ? openWindow({ url, files: context.files, hostArguments: context.hostArguments })
    : undefined;
  if (!opened) console.log(`Open this address (it works once): ${url}`);
  const { machine }: HostState = await client.state();
  if (machine.phase === 'stopped' || machine.phase === 'failed') await client.startMachine();
  if (opened) await tellWhenOpen(client, askedAtMs);
  return 0;
}

/** Says after which time the page was there, counted from the first process of this start. */
async function tellWhenOpen(client: HostClient, askedAtMs: number): Promise<void> {
  const startedAtMs = Number(process.env.BERTH_STARTED_AT_MS ?? performance.timeOrigin);
  while (Date.now() - askedAtMs < windowTimeoutMs) {
    const { host } = await client.state();
    if ((host.pageOpenedAtMs ?? 0) >= askedAtMs) {
      console.log(
        `The window was there after ${(((host.pageOpenedAtMs as number) - startedAtMs) / 1000).toFixed(1)} s.`,
      );
      return;
    }
    await delay(pollMs);
  }
  console.log('The window has not opened yet. For its address: berth open --no-window');
}

async function logs(context: CommandContext): Promise<number> {
  const source = context.positionals[1] ?? 'engine';
  if (source !== 'serial' && source !== 'engine') throw new Error('There are two logs: serial and engine.');
  const client = connectHost(context.files);
  let offset = 0;
  do {
    const answer = await client.log(source, offset);
    for await (const chunk of answer.body) {
      process.stdout.write(chunk);
      offset += chunk.length;
    }
    if (context.follow) await delay(pollMs);
  } while (context.follow);
  return 0;
}

import type { EngineStatus, EventMessage } from '../api/system.ts';
import { parseTime } from '../containers/logs.ts';
import { BerthError } from '../errors.ts';
import type { RequestContext } from '../http/context.ts';
import { writeSlowly } from '../http/frames.ts';
import { type Route, route } from '../http/router.ts';
import { diskMap } from '../system/disk-map.ts';
import { diskUsage } from '../system/disk-usage.ts';
import type { Engine } from '../system/engine.ts';
import { eventTest } from '../system/event-filter.ts';
import { countImages, version as engineVersions, info } from '../system/info.ts';
import { readDisk, readMemory } from '../system/machine.ts';
import { engineVersion } from '../version.ts';
import { inVersion } from './version-edits.ts';

/** Ping, version, info, disk use, events, and the `/berth/` pages about the engine itself. */
export function systemRoutes(engine: Engine): Route[] {
  return [
    route('GET', '/_ping', ping),
    route('HEAD', '/_ping', ping),
    route('GET', '/version', ({ reply }) => reply.json(engineVersions(engine))),
    route('GET', '/info', async ({ reply, version }) => {
      reply.json(inVersion('info', await info(engine), version));
    }),
    route('GET', '/system/df', async ({ query, reply }) => {
      reply.json(await diskUsage(engine, query.all('type')));
    }),
    route('GET', '/events', (context) => events(engine, context)),
    route('GET', '/berth/engine', async ({ reply }) => reply.json(await status(engine))),
    route('GET', '/berth/system/disk', async ({ reply }) => reply.json(await diskMap(engine))),
    route('GET', '/berth/ports', ({ reply }) => reply.json(engine.networks.ports())),
  ];
}

function ping({ reply, method }: RequestContext): void {
  reply.header('Builder-Version', '2');
  reply.header('Swarm', 'inactive');
  reply.header('Cache-Control', 'no-cache, no-store, must-revalidate');
  reply.header('Pragma', 'no-cache');
  reply.text(method === 'HEAD' ? '' : 'OK');
}

async function status(engine: Engine): Promise<EngineStatus> {
  const [memory, disk, cpuShare, images] = await Promise.all([
    readMemory(),
    readDisk(engine.files.root),
    engine.cpu.read(),
    countImages(engine),
  ]);
  const all = engine.containers.all();
  return {
    version: engineVersion,
    instance: engine.instance,
    pid: process.pid,
    startedAt: engine.startedAt.toISOString(),
    kernel: engine.machine.kernel,
    cgroupVersion: engine.cgroupVersion,
    memoryBytes: memory,
    cpuShare,
    disk,
    containers: { running: all.filter((container) => container.running).length, total: all.length },
    images,
  };
}

/** Events from `since` on (those that are still kept), then as they come, until `until` or the client leaves. */
async function events(engine: Engine, context: RequestContext): Promise<void> {
  const { query, reply, signal } = context;
  const test = eventTest(query.filters());
  const since = parseTime(query.text('since'));
  const until = parseTime(query.text('until'));
  if (since !== undefined && until !== undefined && until < since) {
    throw new BerthError('bad-parameter', '`since` time cannot be after `until` time');
  }
  const target = reply.stream({ contentType: 'application/json' });
  const queue: EventMessage[] = [];
  let wake = () => {};
  const unsubscribe = engine.events.subscribe((message) => {
    queue.push(message);
    wake();
  });
  const past = since === undefined && until === undefined ? [] : engine.events.history();
  const inTime = (message: EventMessage) =>
    (since === undefined || BigInt(message.timeNano) >= since) &&
    (until === undefined || BigInt(message.timeNano) <= until);
  queue.unshift(...past.filter(inTime));
  let over = false;
  const end = () => {
    over = true;
    wake();
  };
  signal.addEventListener('abort', end, { once: true });
  const timer = until === undefined ? undefined : setTimeout(end, Number(until / 1_000_000n) - Date.now());
  try {
    for (;;) {
      const message = queue.shift();
      if (message === undefined) {
        if (over) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      } else if (test(message)) {
        if (!(await writeSlowly(target, Buffer.from(`${JSON.stringify(message)}\n`)))) return;
      }
    }
  } finally {
    clearTimeout(timer);
    unsubscribe();
    target.end();
  }
}

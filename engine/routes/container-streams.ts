import { type AttachQuery, openOutput } from '../containers/attach.ts';
import type { Container } from '../containers/container.ts';
import type { Containers } from '../containers/containers.ts';
import { DetachKeys } from '../containers/detach-keys.ts';
import { type LogQuery, parseTime, readLogs } from '../containers/logs.ts';
import { readStats, statsStream } from '../containers/stats.ts';
import { BerthError } from '../errors.ts';
import type { ApiVersion, RequestContext } from '../http/context.ts';
import { frame, multiplexed, rawStream, writeSlowly } from '../http/frames.ts';
import type { Query } from '../http/query.ts';
import { type Route, route } from '../http/router.ts';
import { serveAttach } from './attached.ts';

/** Streams of a container: attach, logs, stats. */
export function containerStreamRoutes(containers: Containers): Route[] {
  const { parts } = containers;
  return [
    route('POST', '/containers/:id/attach', (context) => attach(containers, context)),
    route('GET', '/containers/:id/logs', async (context) => logs(containers, context)),
    route('GET', '/containers/:id/stats', async ({ params, query, reply, signal }) => {
      const found = containers.get(params.id);
      if (!query.flag('stream', true)) {
        reply.json(await readStats(parts, found, { oneShot: query.flag('one-shot'), signal }));
        return;
      }
      const target = reply.stream({ contentType: 'application/json' });
      for await (const sample of statsStream(parts, found, signal)) {
        if (!(await writeSlowly(target, Buffer.from(`${JSON.stringify(sample)}\n`)))) return;
      }
      target.end();
    }),
  ];
}

/** The content type of a container's output: framed, unless a terminal makes it one stream. */
export function outputType(terminal: boolean, version: ApiVersion): string {
  return !terminal && version.atLeast('1.42') ? multiplexed : rawStream;
}

async function attach(containers: Containers, context: RequestContext<{ id: string }>): Promise<void> {
  const { parts } = containers;
  const container = containers.get(context.params.id);
  const query = attachQuery(context.query);
  if (container.state.paused && container.run !== undefined) {
    throw new BerthError(
      'container-paused',
      `container ${container.id} is paused, unpause the container before attach`,
      { id: container.id },
    );
  }
  const gone = new AbortController();
  const output = await openOutput(parts, container, { query, signal: gone.signal });
  const socket = context.hijack(outputType(container.terminal, context.version));
  await serveAttach(parts, container, { socket, output, query, gone });
}

function attachQuery(query: Query): AttachQuery {
  return {
    logs: query.flag('logs'),
    stream: query.flag('stream'),
    stdin: query.flag('stdin') && query.flag('stream'),
    stdout: query.flag('stdout'),
    stderr: query.flag('stderr'),
    detachKeys: new DetachKeys(query.text('detachKeys')),
  };
}

async function logs(containers: Containers, context: RequestContext<{ id: string }>): Promise<void> {
  const { query, reply, signal, version } = context;
  const container = containers.get(context.params.id);
  const logQuery: LogQuery = {
    stdout: query.flag('stdout'),
    stderr: query.flag('stderr'),
    follow: query.flag('follow'),
    timestamps: query.flag('timestamps'),
    details: query.flag('details'),
    tail: query.text('tail'),
    sinceNs: parseTime(query.text('since')),
    // The docker CLI sends 0 for no bound.
    untilNs: query.text('until') === '0' ? undefined : parseTime(query.text('until')),
  };
  if (!logQuery.stdout && !logQuery.stderr) {
    throw new BerthError('bad-parameter', 'Bad parameters: you must choose at least one stream');
  }
  const chunks = readLogs(containers.parts, container, { query: logQuery, signal });
  // The first chunk is asked for before the status goes out, so that what cannot be read is an error, not an empty log.
  const first = logQuery.follow ? undefined : await chunks.next();
  const target = reply.stream({ contentType: outputType(container.terminal, version) });
  const write = (chunk: { stream: 'stdout' | 'stderr'; bytes: Uint8Array }, to: Container) =>
    writeSlowly(target, to.terminal ? chunk.bytes : frame(chunk.stream, chunk.bytes));
  if (first !== undefined && !first.done && !(await write(first.value, container))) return;
  for await (const chunk of chunks) if (!(await write(chunk, container))) return;
  target.end();
}

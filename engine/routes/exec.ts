import type { Duplex } from 'node:stream';
import { execRequest, execStartRequest } from '../api/containers.ts';
import type { Containers } from '../containers/containers.ts';
import { DetachKeys } from '../containers/detach-keys.ts';
import type { ExecSession } from '../containers/exec.ts';
import { asBerthError, BerthError } from '../errors.ts';
import type { RequestContext } from '../http/context.ts';
import { frame } from '../http/frames.ts';
import { type Route, route } from '../http/router.ts';
import { onHangup } from '../runtime/hangup.ts';
import type { ShimExec } from '../runtime/runtime.ts';
import { copyInput, drain, passOutput } from './attached.ts';
import { outputType } from './container-streams.ts';

/** `/exec/…` and `POST /containers/{id}/exec`. */
export function execRoutes(containers: Containers): Route[] {
  const { execs } = containers;
  return [
    route('POST', '/containers/:id/exec', async ({ params, reply, json }) => {
      const request = await json(execRequest);
      reply.json({ Id: execs.create(containers.get(params.id), request) }, 201);
    }),
    route('POST', '/exec/:id/start', (context) => start(containers, context)),
    route('POST', '/exec/:id/resize', async ({ params, query, reply }) => {
      const session = execs.get(params.id);
      if (session.process === undefined) {
        throw new BerthError('container-not-running', `exec ${params.id} is not running`, { id: params.id });
      }
      await session.process.resize({ rows: query.integer('h') ?? 0, columns: query.integer('w') ?? 0 });
      reply.empty(200);
    }),
    route('GET', '/exec/:id/json', ({ params, reply }) => reply.json(execs.inspect(execs.get(params.id)))),
  ];
}

async function start(containers: Containers, context: RequestContext<{ id: string }>): Promise<void> {
  const { execs } = containers;
  const request = await context.json(execStartRequest);
  const session = execs.get(context.params.id);
  if (request.ConsoleSize) session.request.ConsoleSize = request.ConsoleSize;
  execs.check(session);
  if (request.Detach) {
    await execs.start(session, { detached: true });
    context.reply.empty(200);
    return;
  }
  const terminal = session.request.Tty ?? false;
  const socket = context.hijack(outputType(terminal, context.version));
  try {
    const process = await execs.start(session, { detached: false });
    await serve(session, process, socket);
  } catch (thrown) {
    // The status has gone out: Docker says what is wrong on the stream, and inspect gives the exit code.
    const text = Buffer.from(`${asBerthError(thrown).message}\r\n`);
    socket.write(terminal ? text : frame('stdout', text));
  }
  socket.end();
}

async function serve(session: ExecSession, process: ShimExec, socket: Duplex): Promise<void> {
  const { request } = session;
  const terminal = request.Tty ?? false;
  const detached = Promise.withResolvers<void>();
  socket.on('error', () => detached.resolve());
  socket.once('close', () => detached.resolve());
  onHangup(socket, () => socket.destroy());
  if (request.AttachStdin && process.stdin !== undefined) {
    const { stdin } = process;
    const keys = terminal ? new DetachKeys(request.DetachKeys ?? '') : undefined;
    void copyInput(socket, stdin, keys).then(async (left) => {
      if (left) detached.resolve();
      else if (!terminal) await stdin.end();
    });
  } else drain(socket);
  await Promise.race([passOutput(socket, process.output, terminal), detached.promise]);
}

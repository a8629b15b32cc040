import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestEngine } from '../engine.ts';
import { call, made, type Provocations, provoked, running } from './provocation.ts';

/** Containers, exec sessions and what goes on with them. */
export const containers: Provocations = {
  'container-not-found': ({ engine }) => call(engine, 'GET', '/containers/nope/json'),
  'container-ambiguous': async ({ engine }) => {
    // Ids are hexadecimal: of seventeen, two begin alike.
    const ids = await Promise.all(Array.from({ length: 17 }, () => made(engine, {})));
    const first = ids.map((id) => id.charAt(0)).find((digit, index, all) => all.indexOf(digit) !== index);
    return await call(engine, 'GET', `/containers/${first}/json`);
  },
  'container-name-taken': async ({ engine }) => {
    const again = () => call(engine, 'POST', '/containers/create?name=taken', { Image: 'busybox' });
    await again();
    return await again();
  },
  'container-running': async ({ engine }) => call(engine, 'DELETE', `/containers/${await running(engine)}`),
  'container-not-running': async ({ engine }) =>
    call(engine, 'POST', `/containers/${await made(engine, {})}/kill`),
  'container-paused': async ({ engine }) => {
    const id = await running(engine);
    await engine.api('POST', `/containers/${id}/pause`);
    return await call(engine, 'POST', `/containers/${id}/exec`, { Cmd: ['true'] });
  },
  'container-not-paused': async ({ engine }) =>
    call(engine, 'POST', `/containers/${await running(engine)}/unpause`),
  'container-removing': async ({ engine }) => {
    const id = await running(engine);
    // A monitor that is stopped cannot tell the container's end, so its removal waits.
    const shim = shimPid(engine, id);
    process.kill(shim, 'SIGSTOP');
    const removal = engine.api('DELETE', `/containers/${id}?force=1`);
    await untilRemoving(engine, id);
    const second = await call(engine, 'DELETE', `/containers/${id}?force=1`);
    process.kill(shim, 'SIGCONT');
    await removal;
    return second;
  },
  'container-already-started': async ({ engine }) =>
    call(engine, 'POST', `/containers/${await running(engine)}/start`),
  'container-already-stopped': async ({ engine }) =>
    call(engine, 'POST', `/containers/${await made(engine, {})}/stop`),
  'exec-not-found': ({ engine }) => call(engine, 'GET', '/exec/nope/json'),
  'exec-already-ran': async ({ engine }) => {
    const exec = await madeExec(engine, await running(engine), ['true']);
    await engine.api('POST', `/exec/${exec}/start`, { body: {} });
    return await call(engine, 'POST', `/exec/${exec}/start`, {});
  },
  'shim-lost': async ({ engine }) => {
    const id = await running(engine);
    const exec = await madeExec(engine, id, ['true']);
    const shim = shimPid(engine, id);
    process.kill(shim, 'SIGSTOP');
    const start = engine.api('POST', `/exec/${exec}/start`, { body: { Detach: true } });
    // What comes later is answered later: then the start is on its way to a monitor that never answers it.
    await engine.api('GET', `/exec/${exec}/json`);
    process.kill(shim, 'SIGKILL');
    return provoked(await start);
  },
  internal: async ({ engine }) => {
    const id = await made(engine, {});
    // A file where the engine keeps a directory of its own.
    const bundle = join(engine.root, 'containers', id, 'bundle');
    rmSync(bundle, { recursive: true });
    writeFileSync(bundle, '');
    return await call(engine, 'POST', `/containers/${id}/start`);
  },
};

async function madeExec(engine: TestEngine, id: string, command: string[]): Promise<string> {
  const answer = await engine.api('POST', `/containers/${id}/exec`, { body: { Cmd: command } });
  return (answer.json() as { Id: string }).Id;
}

function shimPid(engine: TestEngine, id: string): number {
  const state = readFileSync(join(engine.run, 'c', id, 'shim.json'), 'utf8');
  return (JSON.parse(state) as { pid: number }).pid;
}

async function untilRemoving(engine: TestEngine, id: string): Promise<void> {
  const status = async () => {
    const answer = await engine.api('GET', `/containers/${id}/json`);
    return (answer.json() as { State: { Status: string } }).State.Status;
  };
  while ((await status()) !== 'removing');
}

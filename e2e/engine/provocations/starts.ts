import { createServer } from 'node:net';
import { call, made, type Provocations, refusedStart } from './provocation.ts';

/** Containers that cannot be made, or cannot start. */
export const starts: Provocations = {
  'no-command': async ({ engine }) => {
    await engine.api('POST', '/images/create?fromSrc=-&repo=bare', { body: '\0'.repeat(1024) });
    return await call(engine, 'POST', '/containers/create', { Image: 'bare' });
  },
  'command-not-found': ({ engine }) => refusedStart(engine, { Cmd: ['no-such'] }),
  'command-not-executable': ({ engine }) => refusedStart(engine, { Cmd: ['/etc/passwd'] }),
  'working-directory': ({ engine }) => refusedStart(engine, { Cmd: ['true'], WorkingDir: '/etc/passwd' }),
  'user-not-found': ({ engine }) => refusedStart(engine, { Cmd: ['true'], User: 'nosuch' }),
  'start-failed': ({ engine }) =>
    refusedStart(engine, { Cmd: ['true'], HostConfig: { Tmpfs: { '/proc/fs': '' } } }),
  'path-not-found': ({ engine }) => {
    const options = { Subpath: 'not/there' };
    const mount = { Type: 'volume', Source: 'subbed', Target: '/v', VolumeOptions: options };
    return refusedStart(engine, { Cmd: ['true'], HostConfig: { Mounts: [mount] } });
  },
  'path-refused': async ({ engine }) => {
    const id = await made(engine, { Cmd: ['true'] });
    return await call(engine, 'PUT', `/containers/${id}/archive?path=/etc/passwd`);
  },
  'read-only': async ({ engine }) => {
    const id = await made(engine, { Cmd: ['true'], HostConfig: { ReadonlyRootfs: true } });
    return await call(engine, 'PUT', `/containers/${id}/archive?path=/etc`);
  },
  'desktop-path': ({ desktop }) =>
    call(desktop, 'POST', '/containers/create', {
      Image: 'busybox',
      HostConfig: { Binds: ['/home/me:/src'] },
    }),
  'bind-source-missing': ({ engine }) => {
    const mount = { Type: 'bind', Source: '/no/such/place', Target: '/v' };
    return call(engine, 'POST', '/containers/create', { Image: 'busybox', HostConfig: { Mounts: [mount] } });
  },
  'port-in-use': async ({ engine }) => {
    await using server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const binding = [{ HostIp: '127.0.0.1', HostPort: String(port) }];
    const id = await made(engine, { Cmd: ['true'], HostConfig: { PortBindings: { '80/tcp': binding } } });
    return await call(engine, 'POST', `/containers/${id}/start`);
  },
};

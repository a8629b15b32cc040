import { mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Spec, TestBundle } from '../bundle.ts';
import { type Row, type Rows, refused, shows } from './row.ts';

const mounted = (place: string) => `grep ' ${place} ' /proc/self/mountinfo`;

/** A hook that writes what it is told, and where it stands, to a file of the bundle. */
function hook(kind: string, does: string, wanted: { status: string; inside: boolean }): Row {
  return {
    does,
    proof: async (bundle) => {
      const inside = kind === 'startContainer';
      // Only what runs inside the container finds the container's root at /.
      const file = inside ? '/told' : join(bundle.bundle, 'told');
      const read = inside ? join(bundle.rootfs, 'told') : file;
      const line = `cat > ${file}; readlink /proc/self/ns/mnt >> ${file}; echo ok`;
      bundle.edit((spec) => {
        spec.root.readonly = false;
        spec.process.args = ['sh', '-c', 'true'];
        spec.annotations = { 'org.example.a': 'b' };
        spec.hooks = { [kind]: [{ path: '/bin/sh', args: ['sh', '-c', line], env: ['PATH=/bin:/usr/bin'] }] };
      });
      writeFileSync(read, '');
      const id = bundle.newId();
      expect(await bundle.run(['run', id])).toMatchObject({ code: 0 });
      const text = readFileSync(read, 'utf8');
      const end = text.lastIndexOf('}') + 1;
      expect(JSON.parse(text.slice(0, end))).toMatchObject({
        id,
        status: wanted.status,
        bundle: bundle.bundle,
        annotations: { 'org.example.a': 'b' },
      });
      const here = readlinkSync('/proc/self/ns/mnt');
      expect(text.slice(end).trim() === here).toBe(!wanted.inside);
    },
  };
}

function hookField(does: string, fields: Record<string, unknown>, words: RegExp): Row {
  return {
    does,
    proof: async (bundle) => {
      const id = bundle.newId();
      bundle.edit((spec) => {
        spec.hooks = { createRuntime: [{ path: '/bin/sh', ...fields }] };
      });
      const done = await bundle.run(['run', id]);
      expect(done.code).toBe(1);
      expect(done.stderr).toMatch(words);
      // Nothing of a container stays whose hook failed.
      expect((await bundle.run(['state', id])).stderr).toContain('container does not exist');
    },
  };
}

const bind = (spec: Spec, bundle: TestBundle, more: Record<string, unknown> = {}) => {
  mkdirSync(join(bundle.bundle, 'source/below'), { recursive: true });
  writeFileSync(join(bundle.bundle, 'source/file'), 'bound');
  spec.mounts.push({
    destination: '/tmp/place',
    source: 'source',
    type: 'bind',
    options: ['rbind'],
    ...more,
  });
};

const shifted = [{ containerID: 0, hostID: 100_000, size: 1000 }];

export const rootRows: Rows = {
  ociVersion: shows(
    'read by nobody: the fields say themselves what they are',
    (spec) => {
      spec.ociVersion = '1.0.0';
    },
    'echo ran',
    'ran',
  ),
  'root.path': shows(
    'a directory, relative to the bundle or absolute',
    (spec, bundle) => {
      spec.root.path = bundle.rootfs;
    },
    'test -e /bin/busybox && echo here',
    'here',
  ),
  'root.readonly': shows(
    'the root is read-only, mounts below it are as they say',
    (spec) => {
      spec.root.readonly = true;
    },
    'touch /no 2>&1; touch /dev/shm/yes && echo yes',
    /Read-only file system\nyes/,
  ),
  hostname: shows(
    'the name in the UTS namespace of the container’s own',
    (spec) => {
      spec.hostname = 'some-name';
    },
    'hostname',
    'some-name',
  ),
  domainname: shows(
    'the NIS domain in the same namespace',
    (spec) => {
      spec.domainname = 'example.test';
    },
    'cat /proc/sys/kernel/domainname',
    'example.test',
  ),
  annotations: {
    does: 'kept, and told by state, list and to hooks',
    proof: async (bundle) => {
      bundle.edit((spec) => {
        spec.annotations = { 'org.example.key': 'value' };
      });
      expect((await bundle.state(await bundle.running())).annotations).toEqual({
        'org.example.key': 'value',
      });
    },
  },
  'mounts.destination': shows(
    'an absolute path, made where it is missing; links lead nowhere but into the root',
    (spec, bundle) => {
      spec.root.readonly = false;
      bind(spec, bundle, { destination: '/made/place' });
    },
    'cat /made/place/file',
    'bound',
  ),
  'mounts.source': shows(
    'of a bind: relative to the bundle or absolute; else the name that the mount shows',
    (spec, bundle) => bind(spec, bundle, { source: join(bundle.bundle, 'source') }),
    'cat /tmp/place/file',
    'bound',
  ),
  'mounts.type': shows(
    'a file system of the kernel, or bind',
    (spec) => spec.mounts.push({ destination: '/tmp', type: 'tmpfs', source: 'x', options: ['size=64k'] }),
    mounted('/tmp'),
    /tmpfs x .*size=64k/,
  ),
  'mounts.options': {
    does: 'all of the runtime-spec’s, plain and recursive, propagation, remount, tmpcopyup; others go to the file system',
    proof: async (bundle) => {
      await bundle
        .sh(`${mounted('/tmp/place')}; touch /tmp/place/below/x 2>&1`, (spec) =>
          bind(spec, bundle, {
            options: ['rbind', 'rro', 'rnosuid', 'rnoexec', 'rnodev', 'rnoatime', 'rshared'],
          }),
        )
        .then(({ stdout }) =>
          expect(stdout).toMatch(/ro,nosuid,nodev,noexec,noatime shared:\d+ .*\n.*Read-only file system/),
        );
      bundle.reset();
      writeFileSync(join(bundle.rootfs, 'tmp/kept'), 'kept');
      const copied = await bundle.sh('cat /tmp/kept; touch /tmp/new 2>&1', (spec) =>
        spec.mounts.push({ destination: '/tmp', type: 'tmpfs', source: 'x', options: ['tmpcopyup', 'ro'] }),
      );
      expect(copied.stdout).toMatch(/^kept.*Read-only/s);
      bundle.reset();
      const wrong = await bundle.sh('true', (spec) =>
        spec.mounts.push({ destination: '/tmp', type: 'tmpfs', source: 'x', options: ['sizzle=1'] }),
      );
      expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('sizzle') });
    },
  },
  'mounts.uidMappings': shows(
    'the mount’s owners are shifted (idmapped), without the container having a user namespace',
    (spec, bundle) => bind(spec, bundle, { uidMappings: shifted, gidMappings: shifted }),
    'stat -c %u /tmp/place/file',
    '100000',
  ),
  'mounts.gidMappings': shows(
    'the same for groups; one without the other is refused',
    (spec, bundle) =>
      bind(spec, bundle, { uidMappings: shifted, gidMappings: shifted, options: ['rbind', 'ridmap'] }),
    'stat -c %g /tmp/place/file',
    '100000',
  ),
  'hooks.prestart': hook('prestart', 'outside, before the root is changed', {
    status: 'creating',
    inside: false,
  }),
  'hooks.createRuntime': hook('createRuntime', 'outside, behind prestart', {
    status: 'creating',
    inside: false,
  }),
  'hooks.createContainer': hook(
    'createContainer',
    'in the container’s namespaces, the host’s root still in sight',
    {
      status: 'creating',
      inside: true,
    },
  ),
  'hooks.startContainer': hook(
    'startContainer',
    'in the container, under its filter, right before its command',
    {
      status: 'created',
      inside: true,
    },
  ),
  'hooks.poststart': hook('poststart', 'outside, once the command runs', {
    status: 'running',
    inside: false,
  }),
  'hooks.poststop': hook('poststop', 'outside, once the container is gone', {
    status: 'stopped',
    inside: false,
  }),
  'hooks.*.path': refused(
    'an absolute path; anything else is refused',
    (spec) => {
      spec.hooks = { poststop: [{ path: 'sh' }] };
    },
    'hooks.path',
  ),
  'hooks.*.args': hookField(
    'the arguments, the program’s name among them; a hook that fails ends the start, with what it said',
    { args: ['sh', '-c', 'echo no good; exit 3'] },
    /error running createRuntime hook #0: .*exit status 3.*no good/,
  ),
  'hooks.*.env': hookField(
    'the environment; the caller’s where it is missing',
    { args: ['sh', '-c', 'echo "value $A"; exit 1'], env: ['A=from-the-spec'] },
    /value from-the-spec/,
  ),
  'hooks.*.timeout': hookField(
    'seconds until the hook is killed, which ends the start',
    { args: ['sh', '-c', 'sleep 1000'], timeout: 1 },
    /hook ran past specified timeout of 1s/,
  ),
};

/** Platforms that are not this one. */
export const foreignRows: Rows = Object.fromEntries(
  ['solaris', 'windows', 'vm', 'zos'].map((name) => [
    name,
    shows(
      'not read: another platform’s',
      (spec) => {
        spec[name] = { anything: [1, 2] };
      },
      'echo ran',
      'ran',
    ),
  ]),
);

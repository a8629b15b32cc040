import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildMachine } from './build.ts';
import { hostArch, type NodeArch } from './debian.ts';
import { Guest, type GuestOptions, makeKeys } from './guest.proof.ts';

/**
 * Boots the image as docs/machine.md says, and every way of failing that the page names.
 * `node vm-images/boot.proof.ts [--arch x64|arm64]`, one guest at a time, about a minute and a half under emulation.
 */

const engine = `process.on('SIGTERM', () => { console.log('asked to end'); process.exit(0); });
console.log('engine', process.argv.slice(2).join(' '), process.cwd());
setInterval(() => {}, 1000);
`;

const push =
  'mkdir /data/bundles/aaa && cat > /data/bundles/aaa/engine.mjs && ln -sfn aaa /data/bundles/current.new && ' +
  'mv -T /data/bundles/current.new /data/bundles/current && kill -HUP $(cat /run/berth/supervisor.pid)';

interface Proof {
  says: string;
  run(options: GuestOptions): Promise<void>;
}

const proofs: Proof[] = [
  {
    says: 'a blank disk is formatted, Node answers, an engine is pushed, started, killed and started again',
    async run(options) {
      await using guest = await Guest.start(options);
      assert.match(await guest.ssh('node -p "process.version + process.arch"'), /^v24\./);
      await guest.ssh(push, engine);
      await guest.said(/^@stage engine /);
      await guest.ssh('kill -9 $(pidof node)');
      await guest.said(/^@engine killed 9$/);
      await guest.ssh('until [ $(grep -c ^engine /run/berth/engine.log) = 2 ]; do sleep 0.1; done');
      const log = await guest.ssh('cat /run/berth/engine.log');
      assert.match(
        log,
        /--instance default --config \/data\/daemon\.json --bind-source desktop \/data\/bundles\/aaa/,
      );
      await guest.ssh('echo kept > /data/kept && sync && setsid sleep 1000 > /dev/null 2>&1 < /dev/null &');
      await guest.qmp('system_powerdown');
      await guest.exited;
      assert.ok(
        guest.lines.some((line) => line.startsWith('@stage off ')),
        guest.lines.join('\n'),
      );
      assert.ok(!guest.lines.some((line) => line.includes('mounts of disks stay')), guest.lines.join('\n'));
    },
  },
  {
    says: 'the engine starts by itself at the next boot; a power cut loses nothing that was synced',
    async run(options) {
      {
        await using guest = await Guest.start(options);
        await guest.said(/^@stage engine /);
        assert.equal(await guest.ssh('cat /data/kept'), 'kept\n');
        await guest.ssh(
          'dd if=/dev/urandom of=/data/cut bs=1M count=8 conv=fsync 2> /dev/null && sha256sum /data/cut > /data/sum && sync',
        );
        guest.kill();
        await guest.exited;
      }
      await using guest = await Guest.start(options);
      assert.equal(await guest.ssh('sha256sum -c /data/sum'), '/data/cut: OK\n');
      await guest.ssh('poweroff');
      await guest.exited;
      assert.ok(
        guest.lines.some((line) => line.startsWith('@stage off ')),
        guest.lines.join('\n'),
      );
    },
  },
  {
    says: 'a disk that is neither blank nor ext4 is left alone, and SSH works',
    async run(options) {
      const file = join(options.directory, 'foreign.qcow2');
      const raw = join(options.directory, 'foreign.raw');
      writeFileSync(raw, Buffer.alloc(1 << 20, 'somebody’s data'));
      command('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, file]);
      await using guest = await Guest.start({ ...options, dataDisk: 'foreign.qcow2' });
      await guest.said(/^@problem data-disk-damaged /);
      assert.match(await guest.ssh('mount | grep " /data "'), /tmpfs/);
      await guest.ssh('poweroff');
      await guest.exited;
      command('qemu-img', ['compare', raw, file]);
    },
  },
  {
    says: 'without keys or data disk it says so; a panic ends QEMU',
    async run({ dataDisk: _, ...options }) {
      {
        await using guest = await Guest.start({ ...options, withoutKeys: true });
        await guest.said(/^@problem keys-missing /);
        await guest.said(/^@problem data-disk-missing /);
        await guest.said(/^@stage modules /);
        assert.ok(!guest.lines.some((line) => line.startsWith('@stage sshd')));
      }
      await using guest = await Guest.start(options);
      await guest.ssh('echo c > /proc/sysrq-trigger').catch(() => undefined);
      await guest.said(/Kernel panic/);
      await guest.exited;
    },
  },
  {
    says: 'without the system disk it says so and switches off',
    async run({ dataDisk: _, ...options }) {
      await using guest = await Guest.start({ ...options, withoutSystem: true });
      await guest.said(/^@problem system-missing /);
      await guest.exited;
    },
  },
];

function command(program: string, args: string[]): void {
  const result = spawnSync(program, args, { encoding: 'utf8' });
  assert.equal(result.status, 0, `${program} ${args.join(' ')}: ${result.stdout}${result.stderr}`);
}

/** Runs all of the above in guests of one architecture, saying each; throws at the first that does not hold. */
export async function proveBoot(arch: NodeArch = hostArch()): Promise<boolean> {
  const image = join(import.meta.dirname, '..', 'build', arch === hostArch() ? 'machine' : `machine-${arch}`);
  await buildMachine(arch, image);
  const directory = mkdtempSync(join(tmpdir(), 'berth-boot-'));
  try {
    makeKeys(directory);
    command('qemu-img', ['create', '-q', '-f', 'qcow2', join(directory, 'data.qcow2'), '64G']);
    for (const { says, run } of proofs) {
      await run({ arch, image, directory, dataDisk: 'data.qcow2' });
      console.log(`holds  ${arch}: ${says}`);
    }
    return true;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { arch: { type: 'string' } } });
  const arch = values.arch ?? hostArch();
  if (arch !== 'x64' && arch !== 'arm64') throw new Error(`--arch is x64 or arm64, not ${arch}`);
  await proveBoot(arch);
}

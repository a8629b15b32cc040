import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { zstdCompressSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import type { MachineState } from '../../electron/host/api/machine.ts';
import { type MachineOptions, TestMachine } from './test-machine.ts';

const builtImage = join(dirname(dirname(dirname(fileURLToPath(import.meta.url)))), 'build', 'machine');
const directories: string[] = [];
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

const small = { machine: { memoryMiB: 512, cpus: 1 } };

function broken(options: MachineOptions = {}): TestMachine {
  return TestMachine.make('faulty', { settings: small, ...options });
}

/** Starts a machine that must not come up; gives what the command and the host said. */
async function failedStart(
  machine: TestMachine,
  env: Record<string, string> = {},
): Promise<{ words: string; state: MachineState }> {
  const { code, stderr } = await machine.berth(['start'], env);
  expect(code).toBe(1);
  const state = await machine.state();
  expect(state).toMatchObject({ phase: 'failed', engine: { phase: 'absent' }, history: [{ ok: false }] });
  return { words: stderr, state };
}

function failedStage({ stages }: MachineState): string | undefined {
  return stages.find(({ state }) => state === 'failed')?.name;
}

/** A copy of the image in which some files have other bytes, and the manifest says so where it is to be believed. */
function imageWith(files: Record<string, Buffer>, { believed }: { believed: boolean }): string {
  const directory = mkdtempSync(join(tmpdir(), 'berth-image-'));
  directories.push(directory);
  const manifest = JSON.parse(readFileSync(join(builtImage, 'manifest.json'), 'utf8')) as {
    files: Record<string, { sha256: string; size: number }>;
  };
  for (const name of Object.keys(manifest.files)) {
    const bytes = files[name];
    if (bytes === undefined) {
      symlinkSync(join(builtImage, name), join(directory, name));
      continue;
    }
    writeFileSync(join(directory, name), bytes);
    if (believed) {
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      manifest.files[name] = { sha256, size: bytes.length };
    }
  }
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify(manifest));
  return directory;
}

describe('before a guest is begun', () => {
  test('QEMU is not installed', async () => {
    await using machine = broken();
    const { words, state } = await failedStart(machine, { PATH: machine.place.directory });
    expect(state.problem).toMatchObject({
      code: 'qemu-missing',
      params: { package: expect.stringMatching(/^qemu-system-/) },
    });
    expect(words).toContain('qemu-missing');
    expect(failedStage(state)).toBe('accelerator');
  });

  test('the image is missing', async () => {
    await using machine = broken({ imageDir: '/nonexistent' });
    const { words, state } = await failedStart(machine);
    expect(state.problem).toMatchObject({
      code: 'image-missing',
      params: { file: '/nonexistent/manifest.json' },
    });
    expect(words).toContain('/nonexistent/manifest.json');
    expect(failedStage(state)).toBe('image');
  });

  test('the image has other bytes than its manifest says', async () => {
    const kernel = Buffer.from(readFileSync(join(builtImage, 'vmlinuz')));
    kernel.writeUInt8(kernel.readUInt8(1000) ^ 1, 1000);
    await using machine = broken({ imageDir: imageWith({ vmlinuz: kernel }, { believed: false }) });
    const { state } = await failedStart(machine);
    expect(state.problem).toMatchObject({ code: 'image-damaged' });
    expect(failedStage(state)).toBe('image');
  });

  test('the data disk’s file is none', async () => {
    await using machine = broken();
    mkdirSync(machine.files.machine.dir, { recursive: true });
    writeFileSync(machine.files.machine.dataDisk, 'no disk at all');
    const { state } = await failedStart(machine);
    expect(state.problem).toMatchObject({ code: 'disk-damaged' });
    expect(failedStage(state)).toBe('disk');
    expect(readFileSync(machine.files.machine.dataDisk, 'utf8')).toBe('no disk at all');
  });

  test('the desktop’s disk is full', async () => {
    await using machine = broken();
    const { dir, dataDisk } = machine.files.machine;
    mkdirSync(dir, { recursive: true });
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', dir]).status).toBe(0);
    try {
      const { state } = await failedStart(machine);
      expect(state.problem).toMatchObject({ code: 'disk-full-desktop', params: { dir: dirname(dataDisk) } });
      expect(failedStage(state)).toBe('disk');
    } finally {
      spawnSync('umount', [dir]);
    }
  });

  test('settings that cannot be read stop the host with the place of its log', async () => {
    await using machine = broken();
    writeFileSync(machine.files.settings, 'no settings');
    const { code, stderr } = await machine.berth(['start']);
    expect(code).toBe(1);
    expect(stderr).toContain(machine.files.hostLog);
    expect(readFileSync(machine.files.hostLog, 'utf8')).toContain('settings.json does not hold settings');
  });
});

describe('in a guest', () => {
  test('a kernel that finds no init panics', async () => {
    const nothing = zstdCompressSync(Buffer.alloc(512));
    const imageDir = imageWith({ 'initramfs.cpio.zst': nothing }, { believed: true });
    await using machine = broken({ imageDir });
    const { words, state } = await failedStart(machine);
    expect(state.problem).toMatchObject({
      code: 'kernel-panic',
      detail: expect.stringMatching(/Kernel panic/),
    });
    expect(words).toContain('kernel-panic');
    expect(failedStage(state)).toBe('boot');
    // An emulator panics now and then by itself, so there it was tried twice.
    const fact = (stage: string, name: string) => state.stages.find((one) => one.name === stage)?.facts[name];
    expect(fact('boot', 'attempt')).toBe(fact('accelerator', 'accelerator') === 'tcg' ? 2 : undefined);
  });

  test('a system image that cannot be mounted is told as damaged', async () => {
    const imageDir = imageWith({ 'system.erofs': Buffer.alloc(1024 * 1024, 7) }, { believed: true });
    await using machine = broken({ imageDir });
    const { state } = await failedStart(machine);
    expect(state.problem).toMatchObject({
      code: 'image-damaged',
      detail: expect.stringMatching(/^system-damaged/),
    });
    expect(failedStage(state)).toBe('boot');
  });

  test('a data disk that holds something else is never formatted', async () => {
    await using machine = broken();
    const { dir, dataDisk } = machine.files.machine;
    mkdirSync(dir, { recursive: true });
    const contents = Buffer.alloc(1024 * 1024, 'somebody’s data ');
    const raw = join(machine.place.directory, 'raw');
    writeFileSync(raw, contents);
    const convert = (...words: string[]) => spawnSync('qemu-img', ['convert', ...words]).status;
    expect(convert('-f', 'raw', '-O', 'qcow2', raw, dataDisk)).toBe(0);
    const { state } = await failedStart(machine);
    expect(state.problem).toMatchObject({
      code: 'disk-damaged',
      detail: expect.stringMatching(/^data-disk-damaged/),
    });
    const back = join(machine.place.directory, 'back');
    spawnSync('qemu-img', [
      'dd',
      '-f',
      'qcow2',
      '-O',
      'raw',
      `if=${dataDisk}`,
      `of=${back}`,
      'bs=1M',
      'count=1',
    ]);
    expect(readFileSync(back).equals(contents)).toBe(true);
  });
});

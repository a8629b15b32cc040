import { describe, expect, test } from 'vitest';
import { acceleratorsOf, type QemuPlanInput, qemuArguments, qemuProgram } from './qemu-args.ts';

const base: QemuPlanInput = {
  arch: 'x64',
  accelerator: 'tcg',
  qemuMajor: 7,
  cpus: 2,
  memoryMiB: 1024,
  commandLine: 'console=ttyS0 quiet',
  kernel: '/image/vmlinuz',
  initramfs: '/image/initramfs',
  disks: { system: '/image/system.erofs', data: '/data/data.qcow2' },
  handover: { 'opt/berth/authorized_keys': '/run/keys, mine' },
  serialLog: '/run/serial.log',
  qmpSocket: '/run/qmp.sock',
};

function option(args: string[], name: string): string | undefined {
  const at = args.indexOf(name);
  return at < 0 ? undefined : args[at + 1];
}

describe('processor, machine and accelerator of each system', () => {
  test.each([
    ['x64', 'kvm', 7, 'q35', 'kvm', 'host'],
    ['x64', 'tcg', 7, 'q35', 'tcg,thread=multi,tb-size=128', 'max,-cx16'],
    ['x64', 'tcg', 10, 'q35', 'tcg,thread=multi,tb-size=128', 'max'],
    ['x64', 'hvf', 9, 'q35', 'hvf', 'host'],
    ['x64', 'whpx', 9, 'q35', 'whpx,kernel-irqchip=off', 'max'],
    ['arm64', 'kvm', 9, 'virt', 'kvm', 'host'],
    ['arm64', 'hvf', 9, 'virt', 'hvf', 'host'],
    ['arm64', 'tcg', 7, 'virt', 'tcg,thread=multi,tb-size=128', 'cortex-a72'],
  ] as const)('%s %s, QEMU %d', (arch, accelerator, qemuMajor, machine, accel, cpu) => {
    const args = qemuArguments({ ...base, arch, accelerator, qemuMajor });
    expect(option(args, '-machine')).toBe(machine);
    expect(option(args, '-accel')).toBe(accel);
    expect(option(args, '-cpu')).toBe(cpu);
  });
});

describe('accelerators tried on each desktop', () => {
  test.each([
    ['linux', 'x64', 'x64', ['kvm', 'tcg']],
    ['linux', 'arm64', 'arm64', ['kvm', 'tcg']],
    ['darwin', 'arm64', 'arm64', ['hvf', 'tcg']],
    ['win32', 'x64', 'x64', ['whpx', 'tcg']],
    ['linux', 'x64', 'arm64', ['tcg']],
    ['freebsd', 'x64', 'x64', ['tcg']],
  ] as const)('%s %s runs an image for %s', (platform, desktop, image, expected) => {
    expect(acceleratorsOf(platform, desktop, image)).toEqual(expected);
  });
});

test('the program is the image’s architecture’s', () => {
  expect(qemuProgram('x64')).toBe('qemu-system-x86_64');
  expect(qemuProgram('arm64')).toBe('qemu-system-aarch64');
});

test('keys are handed in by file, and commas in paths are escaped', () => {
  const args = qemuArguments(base);
  expect(option(args, '-fw_cfg')).toBe('name=opt/berth/authorized_keys,file=/run/keys,, mine');
});

test('disks carry their serials, give space back, and the system is read-only', () => {
  const args = qemuArguments(base);
  expect(args).toContain('if=none,id=system,file=/image/system.erofs,format=raw,readonly=on');
  expect(args).toContain('virtio-blk-pci,drive=system,serial=berth-system');
  expect(args).toContain(
    'if=none,id=data,file=/data/data.qcow2,format=qcow2,discard=unmap,detect-zeroes=unmap,cache=writeback',
  );
  expect(args).toContain('virtio-balloon-pci,free-page-reporting=on');
});

test('nothing but the loopback listens', () => {
  expect(option(qemuArguments(base), '-netdev')).toBe('user,id=net,ipv6=off,hostfwd=tcp:127.0.0.1:0-:22');
});

test('the probe’s guest has neither disks nor network', () => {
  const { disks: _, qmpSocket: __, ...probe } = base;
  const args = qemuArguments({ ...probe, handover: {} }).join(' ');
  expect(args).not.toMatch(/drive|netdev|qmp|fw_cfg/);
});

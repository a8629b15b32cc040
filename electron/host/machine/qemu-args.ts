/** The plan of one QEMU process: pure, so that every system's command line is tested on any. */

export type AcceleratorName = 'kvm' | 'hvf' | 'whpx' | 'tcg';
export type Arch = 'x64' | 'arm64';

export interface QemuPlanInput {
  /** Of the image; that of the desktop too, unless somebody emulates on purpose. */
  arch: Arch;
  accelerator: AcceleratorName;
  /** QEMU's major version. */
  qemuMajor: number;
  cpus: number;
  memoryMiB: number;
  /** From the image's manifest, for -append. */
  commandLine: string;
  kernel: string;
  initramfs: string;
  /** Absent in the accelerator's probe, which needs no disks. */
  disks?: { system: string; data: string };
  /** fw_cfg names and the 0600 files with their contents. */
  handover: Record<string, string>;
  serialLog: string;
  qmpSocket?: string;
}

/** Megabytes for translated code; QEMU's own default is a gigabyte, of which the machine uses a tenth. */
const translationMiB = 128;

export function qemuProgram(arch: Arch): string {
  return arch === 'arm64' ? 'qemu-system-aarch64' : 'qemu-system-x86_64';
}

/** Accelerators to try on a desktop, best first; emulation is always last. */
export function acceleratorsOf(platform: NodeJS.Platform, desktop: string, image: Arch): AcceleratorName[] {
  if (desktop !== image) return ['tcg'];
  const native = { linux: 'kvm', darwin: 'hvf', win32: 'whpx' }[platform as string] as
    | AcceleratorName
    | undefined;
  return native ? [native, 'tcg'] : ['tcg'];
}

/** QEMU's arguments. Secrets are named by file and never stand among them. */
export function qemuArguments(plan: QemuPlanInput): string[] {
  return [
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-machine', plan.arch === 'arm64' ? 'virt' : 'q35'],
    ...['-accel', acceleratorOption(plan.accelerator), '-cpu', processor(plan)],
    ...['-smp', String(plan.cpus), '-m', `${plan.memoryMiB}M`],
    ...['-kernel', plan.kernel, '-initrd', plan.initramfs, '-append', plan.commandLine],
    ...['-chardev', `file,id=serial,path=${escaped(plan.serialLog)}`, '-serial', 'chardev:serial'],
    ...(plan.qmpSocket === undefined ? [] : ['-qmp', `unix:${escaped(plan.qmpSocket)},server=on,wait=off`]),
    ...Object.entries(plan.handover).flatMap(([name, file]) => [
      '-fw_cfg',
      `name=${name},file=${escaped(file)}`,
    ]),
    ...(plan.disks ? devices(plan.disks) : []),
  ];
}

function devices({ system, data }: { system: string; data: string }): string[] {
  const drive = (id: string, file: string, options: string) => [
    ...['-drive', `if=none,id=${id},file=${escaped(file)},${options}`],
    ...['-device', `virtio-blk-pci,drive=${id},serial=berth-${id}`],
  ];
  return [
    ...drive('system', system, 'format=raw,readonly=on'),
    // Space freed in the machine comes back to the desktop; writes are as safe as on a disk with a cache.
    ...drive('data', data, 'format=qcow2,discard=unmap,detect-zeroes=unmap,cache=writeback'),
    // No IPv6: its addresses lead to the desktop's loopback too. Port 0: any; `info usernet` says which.
    ...['-netdev', 'user,id=net,ipv6=off,hostfwd=tcp:127.0.0.1:0-:22'],
    ...['-device', 'virtio-net-pci,netdev=net,romfile='],
    ...['-device', 'virtio-balloon-pci,free-page-reporting=on'],
    ...['-device', 'virtio-rng-pci'],
  ];
}

function acceleratorOption(name: AcceleratorName): string {
  if (name === 'tcg') return `tcg,thread=multi,tb-size=${translationMiB}`;
  // Hyper-V's own interrupt controller loses interrupts with this machine type.
  return name === 'whpx' ? 'whpx,kernel-irqchip=off' : name;
}

function processor({ arch, accelerator, qemuMajor }: QemuPlanInput): string {
  if (accelerator === 'kvm' || accelerator === 'hvf') return 'host';
  if (arch === 'arm64') return 'cortex-a72';
  // Older emulators break cmpxchg16b, which panics the guest now and then.
  return accelerator === 'tcg' && qemuMajor < 10 ? 'max,-cx16' : 'max';
}

/** QEMU's option lists are separated by commas; one in a path is doubled. */
function escaped(path: string): string {
  return path.replaceAll(',', ',,');
}

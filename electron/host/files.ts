import { join } from 'node:path';

/**
 * Every path and name that the host owns on the desktop. One writer a file: the host, unless said otherwise.
 *
 * dataDir     XDG_DATA_HOME/berth, ~/Library/Application Support/Berth, %LOCALAPPDATA%\Berth
 * runtimeDir  XDG_RUNTIME_DIR/berth (else /tmp/berth-<uid>, 0700): sockets, short because of the 108-byte limit
 */
export interface HostDirectories {
  dataDir: string;
  runtimeDir: string;
  /** Kernel, initramfs and system image, read-only; built into build/machine in development. */
  imageDir: string;
  /** Engine bundle and native programs, read-only; built into build/bundle in development. */
  bundleDir: string;
}

export function hostFiles(
  { dataDir, runtimeDir, imageDir, bundleDir }: HostDirectories,
  instance = 'default',
) {
  const machine = join(dataDir, 'machines', instance);
  const runtime = join(runtimeDir, instance);
  return {
    dataDir,
    runtimeDir,
    settings: join(dataDir, 'settings.json'),
    hostLog: join(dataDir, 'host.log'),
    /** Format version of dataDir; a newer one stops the host with a sentence. */
    format: join(dataDir, 'format'),
    /** {pid, startedAt, port}: taken with O_EXCL, stale when the pid is not this program. */
    lock: join(runtime, 'host.lock'),
    hostSocket: join(runtime, 'host.sock'),
    /** Digests of the pages' secrets, 0600, so that pages survive a crashed host. Removed at a clean end. */
    sessions: join(runtime, 'sessions.json'),
    dockerSocket: join(runtime, 'docker.sock'),
    /** 0600, written by the berth command: sends a browser on to the page with its one-time token. */
    forwarder: join(runtime, 'open.html'),
    machine: {
      dir: machine,
      /** qcow2, grows; ext4 without a partition table, made by the machine's init. */
      dataDisk: join(machine, 'data.qcow2'),
      /** Accelerator that was found to work or not: {name, reason, key}; the key is QEMU version + kernel + boot id. */
      accelerator: join(machine, 'accelerator.json'),
      /** Names, sizes and times of the image's files whose contents were last hashed and found whole. */
      imageChecked: join(machine, 'image-checked'),
      /** Last starts with their stages' times. */
      history: join(machine, 'history.json'),
      clientKey: join(machine, 'id_ed25519'),
      hostKey: join(machine, 'ssh_host_ed25519'),
      serialLog: join(runtime, 'serial.log'),
      qemuLog: join(runtime, 'qemu.log'),
      qmpSocket: join(runtime, 'qmp.sock'),
      /** {pid, startedAt, sshPort, accelerator, …}: how a restarted host finds its machine again. */
      running: join(runtime, 'qemu.json'),
      /** 0600 files handed in by fw_cfg. */
      handover: join(runtime, 'handover'),
    },
    /** The machine that is this host itself. */
    local: {
      daemonJson: join(machine, 'daemon.json'),
      /** {pid, startedAt, bundle}: how a restarted host finds its engine again. */
      running: join(runtime, 'engine.json'),
      engineLog: join(runtime, 'engine.log'),
    },
    image: {
      kernel: join(imageDir, 'vmlinuz'),
      initramfs: join(imageDir, 'initramfs.cpio.zst'),
      system: join(imageDir, 'system.erofs'),
      /** {arch, kernelVersion, files: {name: {sha256, size}}} */
      manifest: join(imageDir, 'manifest.json'),
    },
    bundle: {
      dir: bundleDir,
      engine: join(bundleDir, 'engine.mjs'),
      /** {version, hash, files}: the hash names the directory in the machine. */
      manifest: join(bundleDir, 'manifest.json'),
    },
  };
}
export type HostFiles = ReturnType<typeof hostFiles>;

/** Names inside the machine, which the image's init and the host agree on (see docs/machine.md). */
export const machineFiles = {
  /** Bundles pushed by the host: /data/bundles/<hash>/, and `current`, a symlink flipped by rename. */
  bundles: '/data/bundles',
  currentBundle: '/data/bundles/current',
  /** Written by the host, read by the engine at its start. */
  daemonJson: '/data/daemon.json',
  engineSocket: '/run/berth/default/engine.sock',
  engineLog: '/run/berth/engine.log',
  /** Pid of init's supervisor for the engine; SIGHUP makes it restart the engine now. */
  engineSupervisor: '/run/berth/supervisor.pid',
} as const;

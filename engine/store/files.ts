import { basename, join } from 'node:path';

/**
 * Every path and name that the engine owns. One directory an object, one writer a file; a new thing becomes
 * visible by one rename; only facts are stored (reference counts, name tables, leases are derived at start).
 *
 * root     data root, by default /var/lib/berth/<instance>. Sockets never lie under it (108-byte limit).
 * run      /run/berth/<instance>: gone after a reboot, and everything in it may be.
 */
export function engineFiles({ root, run }: { root: string; run: string }) {
  return {
    root,
    run,
    /** Format version of the root, a decimal number. A newer one stops the engine with a sentence. */
    format: join(root, 'format'),
    /** {id}: the engine's identity for /info. */
    identity: join(root, 'engine.json'),
    /** Everything being made or removed; emptied at start. Same file system as what it becomes. */
    tmp: join(root, 'tmp'),
    trash: join(root, 'trash'),
    socket: join(run, 'engine.sock'),
    /** flock: one engine an instance. */
    lock: join(run, 'engine.lock'),
    containers: join(root, 'containers'),
    images: join(root, 'images'),
    layers: join(root, 'layers'),
    /** Name of the storage driver that the layers are of. */
    layerDriver: join(root, 'layers', 'driver'),
    volumes: join(root, 'volumes'),
    networks: join(root, 'networks'),
    /** Bytes of layers in flight, kept for resuming: downloads/<digest hex>.part and .json */
    downloads: join(root, 'downloads'),
    /** Compiled seccomp filters by profile digest, written by berth-shim. */
    seccomp: join(run, 'seccomp'),
    /** What is kept for a while of removed containers: removed/<id>/{remains.json,log/}. */
    removed: join(root, 'removed'),
    remains: (id: string) => ({
      dir: join(root, 'removed', id),
      record: join(root, 'removed', id, 'remains.json'),
      log: join(root, 'removed', id, 'log'),
    }),
    /** A directory for each container that has a shim. */
    shims: join(run, 'c'),
    /** Shims that wait for a container, a directory each; a log of what they complain of. */
    shimPool: join(run, 'pool'),
    container: (id: string) => containerFiles(join(root, 'containers', id), join(run, 'c', id)),
    image: (hex: string) => ({
      dir: join(root, 'images', hex),
      /** The image config's exact bytes; sha256 of it is the id. */
      config: join(root, 'images', hex, 'config.json'),
      /** {digests, manifests, blobs, pulledAt, platform}: where it came from; written by images/. */
      record: join(root, 'images', hex, 'record.json'),
    }),
    /** One JSON with all tags and digests: {repositories: {name: {tag: imageId}}}. */
    references: join(root, 'images', 'references.json'),
    /** A layer is named by its chain id. */
    layer: (chainHex: string) => ({
      dir: join(root, 'layers', chainHex),
      /** {diffId, parent, sizeBytes, blobs: [{registry, digest, sizeBytes, mediaType}], format} */
      record: join(root, 'layers', chainHex, 'layer.json'),
      /** Short link name for overlay's option page: layers/l/<26 characters>. */
      link: join(root, 'layers', chainHex, 'link'),
      diff: join(root, 'layers', chainHex, 'diff'),
      index: join(root, 'layers', chainHex, 'index'),
      /** How it stands to the layers below: marks, merged directories, what it hides (docs/layers.md). */
      relation: join(root, 'layers', chainHex, 'relation'),
      /** With the driver vfs: all files of the stack up to this layer. */
      full: join(root, 'layers', chainHex, 'full'),
      /** The tar's bytes that are not contents of a regular file; with `diff` it gives back the very tar. */
      frame: join(root, 'layers', chainHex, 'frame'),
      /** What docker inspect names beside diff; nothing is ever mounted or made there. */
      merged: join(root, 'layers', chainHex, 'merged'),
      work: join(root, 'layers', chainHex, 'work'),
    }),
    volume: (name: string) => ({
      dir: join(root, 'volumes', name),
      record: join(root, 'volumes', name, 'volume.json'),
      data: join(root, 'volumes', name, '_data'),
    }),
    network: (id: string) => ({
      dir: join(root, 'networks', id),
      record: join(root, 'networks', id, 'network.json'),
    }),
  };
}
export type EngineFiles = ReturnType<typeof engineFiles>;

function containerFiles(dir: string, run: string) {
  return {
    dir,
    run,
    /** Definition: written by the engine at create, rename, update. */
    definition: join(dir, 'container.json'),
    /** {restartCount, startedAt, …}: written by the engine at each change of state. */
    state: join(dir, 'state.json'),
    /** Ended runs, newest first, for post-mortems: written by the engine at each end. */
    runs: join(dir, 'runs.json'),
    /** Written by the shim (rename): how the container's process ended. See docs/shim-protocol.md. */
    exit: join(dir, 'exit.json'),
    /** OCI bundle; config.json and rootfs.json (mount plan) are written by the engine at each start. */
    bundle: join(dir, 'bundle'),
    config: join(dir, 'bundle', 'config.json'),
    mountPlan: join(dir, 'bundle', 'rootfs.json'),
    /** Writable layer: upper and work of the overlay. */
    upper: join(dir, 'layer', 'upper'),
    work: join(dir, 'layer', 'work'),
    /** Lowest writable-side layer with empty mount points; shared by all containers, see layers/. */
    hosts: join(dir, 'hosts'),
    hostname: join(dir, 'hostname'),
    resolvConf: join(dir, 'resolv.conf'),
    /** Chunk log, written by the shim: log/<n>.chunks, n from 1 upwards. */
    log: join(dir, 'log'),
    /** What the log driver json-file writes: a copy of the log for other programs. Rotated to …log.1, …log.2. */
    jsonLog: join(dir, `${basename(dir)}-json.log`),
    /** Of an exec that has a log of its own (a terminal): segments as in `log`, written by the shim. */
    execLog: (execId: string) => join(dir, 'exec', execId),
    /** {command, user, startedAt, …}: written by the engine, beside the segments. */
    terminal: (execId: string) => join(dir, 'exec', execId, 'terminal.json'),
    execs: join(dir, 'exec'),
    shimLog: join(dir, 'shim.log'),
    /** The shim's socket; in run, because of the 108-byte limit. */
    shimSocket: join(run, 'shim.sock'),
    /** {pid, startTime (field 22 of /proc/pid/stat), protocol, program}: written by the shim once it listens. */
    shimState: join(run, 'shim.json'),
  };
}
export type ContainerFiles = ReturnType<typeof containerFiles>;

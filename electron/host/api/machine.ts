/**
 * What the host says about its machine. One state machine for all kinds of machine (QEMU, WSL2, a server, this host);
 * text for people is made from codes and parameters by the reader's language, never sent.
 */

export type MachineKind = 'qemu' | 'wsl' | 'server' | 'local';

/**
 * stopped → starting → running | degraded → stopping → stopped, and failed from anywhere.
 * `degraded` means that the machine lives but something that it should do does not (engine gone, SSH lost):
 * `problem` says what.
 */
export type MachinePhase = 'stopped' | 'starting' | 'running' | 'degraded' | 'stopping' | 'failed';

/** The stages of a start, in order. A driver leaves out what it does not have. */
export const stageNames = [
  'computer', // what this desktop offers: cores, memory, disk, programs
  'image', // kernel, initramfs and system image are there and whole
  'accelerator', // kvm, hvf, whpx or emulation, with the reason
  'disk', // data disk made or found
  'boot', // until sshd's banner
  'ssh', // authenticated connection
  'deploy', // engine bundle there, pushed if not
  'engine', // first answer on the engine's socket
  'forward', // docker.sock and published ports open on the desktop
] as const;
export type StageName = (typeof stageNames)[number];

export interface StageReport {
  name: StageName;
  state: 'waiting' | 'running' | 'done' | 'warning' | 'failed';
  startedAtMs?: number;
  durationMs?: number;
  /** Median of the last good starts, if any. */
  usualMs?: number;
  /** Facts to show, such as {cores: 8} or {accelerator: 'tcg'}. */
  facts: Record<string, string | number>;
  /** A warning or failure, coded. */
  problem?: Problem;
}

/** Something that went wrong: `code` has a sentence, a cause and an action in each message catalogue. */
export interface Problem {
  code: ProblemCode;
  params: Record<string, string | number>;
  /** Technical text as it came, folded away in the app. */
  detail?: string;
}

/** Every problem the host can report. Each has words in both languages and names the actions that mend it. */
export const problemActions = {
  'qemu-missing': ['install-qemu', 'retry'],
  'qemu-exited': ['start', 'show-log'],
  'image-missing': ['retry'],
  'image-damaged': ['retry'],
  'accelerator-hangs': ['recheck-accelerator'],
  'accelerator-missing': ['recheck-accelerator'],
  'accelerator-denied': ['recheck-accelerator'],
  'disk-full-desktop': ['retry'],
  'disk-damaged': ['retry', 'show-log'],
  'memory-short': ['retry'],
  'boot-timeout': ['restart', 'show-log'],
  'kernel-panic': ['restart', 'show-log'],
  'ssh-refused': ['restart', 'show-log'],
  'ssh-lost': ['reconnect', 'restart'],
  'deploy-failed': ['retry', 'show-log'],
  'engine-exited': ['restart-engine', 'show-log'],
  'engine-silent': ['restart-engine', 'restart'],
  'socket-in-use': ['retry'],
  'kernel-too-old': ['use-qemu'],
  'root-needed': ['retry'],
  internal: ['retry', 'show-log'],
} as const satisfies Record<string, readonly string[]>;
export type ProblemCode = keyof typeof problemActions;
export type ProblemAction = (typeof problemActions)[ProblemCode][number];

export interface MachineState {
  name: string;
  kind: MachineKind;
  phase: MachinePhase;
  stages: StageReport[];
  problem?: Problem;
  /** When the phase was entered. */
  sinceMs: number;
  accelerator?: { name: 'kvm' | 'hvf' | 'whpx' | 'tcg' | 'none'; reason?: Problem };
  resources?: { cpus: number; memoryBytes: number; diskBytes: number };
  /** Earlier starts, newest first, at most ten. */
  history: { startedAtMs: number; durationMs: number; accelerator: string; ok: boolean }[];
  engine: { phase: 'absent' | 'starting' | 'running' | 'lost'; version?: string; socket?: string };
  /** The desktop's end of published ports that could not be opened, and those that are. */
  forwards: Forward[];
}

export interface Forward {
  protocol: 'tcp' | 'udp';
  desktopAddress: string;
  desktopPort: number;
  containerId: string;
  containerName: string;
  containerPort: number;
  state: 'open' | 'failed';
  problem?: { code: 'desktop-port-in-use' | 'desktop-port-denied' | 'forward-failed'; owner?: string };
}

/** GET /api/state, and every message of the WebSocket /api/watch. */
export interface HostState {
  host: {
    version: string;
    pid: number;
    startedAtMs: number;
    desktop: 'linux' | 'darwin' | 'win32';
    /** When a page last signed in: how whoever opened a window knows that it is there. */
    pageOpenedAtMs?: number;
  };
  machine: MachineState;
}

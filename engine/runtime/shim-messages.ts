/** Packets of docs/shim-protocol.md: a 16-byte little-endian header and a body. */

const magic = 0x31534842;
const headerBytes = 16;
/** Largest body; header and body fill 64 KiB. */
export const maxBodyBytes = 65_520;

export const messageType = {
  hello: 1,
  create: 2,
  start: 3,
  signal: 4,
  resize: 5,
  exec: 6,
  stdin: 7,
  stdinEnd: 8,
  credit: 9,
  release: 10,
  delete: 11,
  logSeen: 12,
  hold: 13,
  follow: 14,
  warm: 15,
  ok: 32,
  error: 33,
  log: 34,
  exit: 35,
  execExit: 36,
  output: 37,
  stdinCredit: 38,
  outputEnd: 39,
} as const;
export type MessageType = (typeof messageType)[keyof typeof messageType];

export interface ShimMessage {
  type: number;
  /** A request's number, or the session of a stream message. */
  id: number;
  body: Buffer;
}

export function encodeMessage(type: MessageType, id: number, body: Uint8Array): Buffer {
  const packet = Buffer.allocUnsafe(headerBytes + body.length);
  packet.writeUInt32LE(magic, 0);
  packet.writeUInt16LE(type, 4);
  packet.writeUInt16LE(0, 6);
  packet.writeUInt32LE(id, 8);
  packet.writeUInt32LE(body.length, 12);
  packet.set(body, headerBytes);
  return packet;
}

/** Undefined for what is no packet of this protocol. */
export function decodeMessage(packet: Uint8Array): ShimMessage | undefined {
  const bytes = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength);
  if (bytes.length < headerBytes || bytes.readUInt32LE(0) !== magic) return undefined;
  const length = bytes.readUInt32LE(12);
  if (length !== bytes.length - headerBytes) return undefined;
  return { type: bytes.readUInt16LE(4), id: bytes.readUInt32LE(8), body: bytes.subarray(headerBytes) };
}

/** Body of HELLO. */
export interface Hello {
  protocol: number;
  id: string;
  phase: 'idle' | 'created' | 'running' | 'exited';
  pid?: number;
  execs?: { session: number; execId: string; pid: number; exitCode?: number; log?: object }[];
  /** Where the log ends; absent when the container's output is not logged. */
  log?: { segment: number; offset: number };
  exit?: ExitRecord;
}

/** Body of EXIT, and exit.json. */
export interface ExitRecord {
  pid: number;
  exitCode: number;
  signal: number;
  oomKilled: boolean;
  finishedAt: string;
  startedAt?: string;
  /** Counters of the container's cgroup; 0 where this kernel counts none. Absent after a failed start, and from older shims. */
  usage?: { oomKills: number; memoryPeak: number; refusedForks: number };
}

/** Body of ERROR. */
export interface ShimFailure {
  stage: string;
  errno: number;
  message: string;
  path?: string;
}

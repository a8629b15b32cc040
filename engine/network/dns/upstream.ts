import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';

/** Docker's: so long for each server, and so many of them. */
const timeoutMs = 4000;
const askedServers = 3;

/** Passes a query on as it is, and gives the first answer; undefined when nobody answers. */
export async function forward(
  query: Buffer,
  options: { servers: string[]; protocol: 'udp' | 'tcp'; signal: AbortSignal },
): Promise<Buffer | undefined> {
  for (const server of options.servers.slice(0, askedServers)) {
    const signal = AbortSignal.any([options.signal, AbortSignal.timeout(timeoutMs)]);
    try {
      return options.protocol === 'udp'
        ? await askUdp(query, server, signal)
        : await askTcp(query, server, signal);
    } catch {
      if (options.signal.aborted) return undefined;
      // The next one.
    }
  }
  return undefined;
}

async function askUdp(query: Buffer, server: string, signal: AbortSignal): Promise<Buffer> {
  const socket = createSocket({ type: server.includes(':') ? 'udp6' : 'udp4' });
  try {
    socket.connect(53, server);
    await once(socket, 'connect', { signal });
    socket.send(query);
    for (;;) {
      const [message] = (await once(socket, 'message', { signal })) as [Buffer];
      // An answer that came late, to another question of this port.
      if (message.length >= 2 && message.readUInt16BE(0) === query.readUInt16BE(0)) return message;
    }
  } finally {
    socket.close();
  }
}

async function askTcp(query: Buffer, server: string, signal: AbortSignal): Promise<Buffer> {
  const socket = connect({ host: server, port: 53, signal });
  try {
    socket.write(framed(query));
    for await (const message of framedMessages(socket as AsyncIterable<Buffer>)) return message;
    throw new Error(`${server} closed the connection without an answer`);
  } finally {
    socket.destroy();
  }
}

/** A message behind its length, as DNS has it on TCP. */
export function framed(message: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
}

/** The messages of a TCP connection. */
export async function* framedMessages(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 2 && rest.length >= 2 + rest.readUInt16BE(0)) {
      const end = 2 + rest.readUInt16BE(0);
      yield rest.subarray(2, end);
      rest = rest.subarray(end);
    }
  }
}

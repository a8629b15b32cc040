import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { addon } from '../../native/addon/load.ts';
import { addressBytes, parseAddress } from '../addresses.ts';
import { runNft } from '../nft-program.ts';
import {
  answer,
  encodeName,
  parseQuestion,
  type Question,
  recordType,
  reverseAddress,
  serverFailure,
} from './message.ts';
import { forward, framed, framedMessages } from './upstream.ts';

/** Where a container finds its name server, as in Docker. */
export const resolverAddress = '127.0.0.11';

/** What a container's name server knows. */
export interface Names {
  /** IPv4 addresses of a name; undefined for one that is not of the container's networks. */
  addressesOf(name: string): string[] | undefined;
  /** Name of an address of the container's networks. */
  nameOf(address: string): string | undefined;
  /** Servers of the machine or of the container's own, for all other names; empty: nobody is asked. */
  readonly servers: string[];
}

/**
 * A container's name server: it listens inside the container's network namespace on ports of its own, to which a rule
 * leads port 53, so that the container may serve port 53 itself. Names that are not of its networks are passed on.
 */
export class Resolver {
  readonly #names: Names;
  readonly #closed = new AbortController();
  readonly #udp: UdpSocket;
  readonly #tcp: Server;

  private constructor(names: Names, sockets: { udpFd: number; tcpFd: number }) {
    this.#names = names;
    this.#udp = createSocket('udp4');
    // A container that ends takes its sockets' namespace away under them.
    this.#udp.on('error', () => {});
    this.#udp.on('message', (query, { port, address }) => {
      void this.#answer(query, 'udp').then((reply) => {
        if (reply !== undefined && !this.#closed.signal.aborted) this.#udp.send(reply, port, address);
      });
    });
    this.#udp.bind({ fd: sockets.udpFd });
    this.#tcp = createServer((socket) => void this.#serve(socket));
    this.#tcp.on('error', () => {});
    this.#tcp.listen({ fd: sockets.tcpFd });
    this.#udp.unref();
    this.#tcp.unref();
  }

  /** Starts one in the network namespace of a process. An earlier engine's rule there is replaced. */
  static async start(pid: number, names: Names): Promise<Resolver> {
    const sockets = await addon.resolverSockets(pid);
    const resolver = new Resolver(names, sockets);
    try {
      await runNft(['-f', '-'], redirection(sockets), { networkOf: pid });
      return resolver;
    } catch (error) {
      resolver.close();
      throw error;
    }
  }

  close(): void {
    this.#closed.abort();
    this.#udp.close();
    this.#tcp.close();
  }

  async #serve(socket: Socket): Promise<void> {
    socket.on('error', () => socket.destroy());
    try {
      for await (const query of framedMessages(socket as AsyncIterable<Buffer>)) {
        const reply = await this.#answer(query, 'tcp');
        if (reply !== undefined) socket.write(framed(reply));
      }
      socket.end();
    } catch {
      socket.destroy();
    }
  }

  async #answer(query: Buffer, protocol: 'udp' | 'tcp'): Promise<Buffer | undefined> {
    const question = parseQuestion(query);
    if (question === undefined) return undefined;
    const own = this.#ownAnswer(question);
    if (own !== undefined) return own;
    const { servers } = this.#names;
    const passedOn = await forward(query, { servers, protocol, signal: this.#closed.signal });
    return passedOn ?? serverFailure(question);
  }

  #ownAnswer(question: Question): Buffer | undefined {
    const reverse = reverseAddress(question.name);
    if (reverse !== undefined && question.type === recordType.ptr) {
      const name = this.#names.nameOf(reverse);
      return name === undefined
        ? undefined
        : answer(question, [{ type: recordType.ptr, data: encodeName(name) }]);
    }
    const addresses = this.#names.addressesOf(question.name);
    if (addresses === undefined) return undefined;
    // A name that is here has no addresses of other kinds: saying that it is unknown would end the search for it.
    if (question.type !== recordType.a) return answer(question, []);
    return answer(
      question,
      addresses.map((address) => ({
        type: recordType.a,
        data: Buffer.from(addressBytes(parseAddress(address))),
      })),
    );
  }
}

/** Of family inet, as the instance's own table: its expressions are what the machine's kernel has loaded. Leads port 53 of the name server's address to the ports that it really has; answers come from 53 again by themselves. */
function redirection({ udpPort, tcpPort }: { udpPort: number; tcpPort: number }): string {
  const to = `ip daddr ${resolverAddress}`;
  return [
    'table inet berth-resolver',
    'delete table inet berth-resolver',
    'table inet berth-resolver {',
    '  chain output {',
    '    type nat hook output priority -100;',
    `    ${to} udp dport 53 dnat ip to ${resolverAddress}:${udpPort}`,
    `    ${to} tcp dport 53 dnat ip to ${resolverAddress}:${tcpPort}`,
    '  }',
    '}',
    '',
  ].join('\n');
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

/** A process in a network namespace of its own that serves TCP and UDP: it answers the peer's address, or dials. */
const program = `
const net = require('node:net'), dgram = require('node:dgram');
const server = net.createServer((socket) => socket.end('tcp ' + socket.remoteAddress));
server.listen(80, '0.0.0.0', () => {
  const udp = dgram.createSocket('udp4');
  udp.on('message', (data, peer) => udp.send('udp ' + data, peer.port, peer.address));
  udp.bind(53, '0.0.0.0', () => console.log('ready'));
});
process.stdin.resume().on('end', () => process.exit());
`;

/** Dials TCP from a namespace: prints what it received, or the error's code. */
const dialer = `
const [host, port] = process.argv.slice(1);
const socket = require('node:net').connect(Number(port), host);
socket.setEncoding('utf8').on('data', (data) => console.log(data)).on('error', (error) => console.log(error.code));
`;

export class Sandbox {
  readonly pid: number;
  #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.pid = child.pid!;
  }

  static async start(): Promise<Sandbox> {
    const child = spawn('unshare', ['--net', process.execPath, '-e', program], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    return new Sandbox(child);
  }

  /** Dials from inside the sandbox. */
  async dial(host: string, port: number): Promise<string> {
    const child = spawn(
      'nsenter',
      [`--net=/proc/${this.pid}/ns/net`, process.execPath, '-e', dialer, host, String(port)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    return (await text(child.stdout)).trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin?.end();
    await once(this.#child, 'close');
  }
}

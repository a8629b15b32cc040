import { rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { MachineProblem } from './driver.ts';
import { splice } from './splice.ts';

/**
 * The desktop's end of the engine's socket, 0600, for the docker CLI and everything else that speaks to Docker. Each
 * connection is one of the link's; it outlives lost links: connections made meanwhile are closed at once.
 */
export class DockerSocket {
  readonly #path: string;
  readonly #open: () => Promise<Duplex>;
  readonly #server: Server;
  readonly #clients = new Set<Socket>();

  constructor({ path, open }: { path: string; open: () => Promise<Duplex> }) {
    this.#path = path;
    this.#open = open;
    this.#server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
      void this.#serve(client);
    });
  }

  /** Listens. The path lies in the host's own locked directory, so what is there is left over. */
  async listen(): Promise<void> {
    rmSync(this.#path, { force: true });
    const before = process.umask(0o177);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject);
        this.#server.listen(this.#path, resolve);
      });
    } catch (error) {
      const detail = (error as Error).message;
      throw new MachineProblem({ code: 'socket-in-use', params: { path: this.#path }, detail });
    } finally {
      process.umask(before);
    }
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #serve(client: Socket): Promise<void> {
    this.#clients.add(client);
    client.once('close', () => this.#clients.delete(client));
    client.on('error', () => undefined);
    try {
      const machine = await this.#open();
      if (client.destroyed) machine.destroy();
      else splice(client, machine);
    } catch {
      client.destroy();
    }
  }
}

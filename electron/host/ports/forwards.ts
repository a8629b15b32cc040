import type { Agent } from 'node:http';
import { engineClient } from '../../../engine/api/client.ts';
import type { PublishedPort } from '../../../engine/api/system.ts';
import type { Forward } from '../api/machine.ts';
import type { ForwardAddress, PortForward } from '../machine/driver.ts';
import { agentTransport } from '../machine/engine-watch.ts';
import type { Link } from '../machine/link.ts';
import { portOwner } from './owner.ts';
import { openTunnel, type Tunnel } from './tunnel.ts';

/** Changes that come together are answered by one question. */
const joinMs = 50;

export interface ForwardsOptions {
  portForward: PortForward | undefined;
  sharesDesktop: boolean;
  link: () => Link | undefined;
  agent: () => Agent | undefined;
  changed: () => void;
}

interface Entry {
  forward: Forward;
  /** How it was opened, for closing it the same way. */
  way: 'driver' | 'none' | Tunnel;
}

/**
 * The desktop's end of the containers' published ports. What should be open is what the engine lists; the driver's own
 * way is used where it has one, else a channel of the link for each connection.
 */
export class Forwards {
  readonly #options: ForwardsOptions;
  readonly #entries = new Map<string, Entry>();
  #work: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  /** What the driver had open before this host started; taken over or closed at the first refresh. */
  #inherited: Promise<Set<string>> | undefined;

  constructor(options: ForwardsOptions) {
    this.#options = options;
  }

  list(): Forward[] {
    return [...this.#entries.values()].map(({ forward }) => forward);
  }

  /** Something changed in the engine: asks soon. */
  touch(): void {
    if (this.#closed || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.refresh().catch(() => undefined);
    }, joinMs);
  }

  /** Makes what is open equal to what the engine lists. Rejects when the engine cannot be asked. */
  refresh(): Promise<void> {
    const next = this.#work.then(() => this.#refresh());
    this.#work = next.catch(() => undefined);
    return next;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#work;
    for (const key of [...this.#entries.keys()]) await this.#shut(key);
  }

  async #refresh(): Promise<void> {
    const agent = this.#options.agent();
    if (this.#closed || !agent) return;
    const ports = await engineClient(agentTransport(agent)).ports();
    const wanted = new Map(ports.map((port) => [key(desktopEnd(port)), port]));
    const { portForward } = this.#options;
    this.#inherited ??= portForward
      ? portForward.list().then((open) => new Set(open.map(key)))
      : Promise.resolve(new Set());
    const inherited = await this.#inherited;
    for (const old of [...this.#entries.keys()]) if (!wanted.has(old)) await this.#shut(old);
    for (const left of inherited) {
      if (!wanted.has(left)) await portForward?.close(parseKey(left)).catch(() => undefined);
    }
    for (const [name, port] of wanted) {
      const entry = this.#entries.get(name);
      // A port that somebody else held may be free by now.
      if (entry?.forward.containerId !== port.containerId || entry.forward.state === 'failed') {
        if (entry) await this.#shut(name);
        this.#entries.set(name, await this.#open(port, inherited.has(name)));
      }
    }
    inherited.clear();
    this.#options.changed();
  }

  async #open(port: PublishedPort, isOpen: boolean): Promise<Entry> {
    const { portForward, sharesDesktop, link } = this.#options;
    const address = desktopEnd(port);
    const forward: Forward = {
      ...address,
      containerId: port.containerId,
      containerName: port.containerName,
      containerPort: port.containerPort,
      state: 'open',
    };
    if (sharesDesktop) return { forward, way: 'none' };
    try {
      if (portForward && reachesMachine(port)) {
        if (!isOpen) await portForward.open({ ...address, machinePort: port.hostPort });
        return { forward, way: 'driver' };
      }
      if (port.protocol === 'udp') throw new Error('this machine has no way for UDP');
      const target = { address: reachesMachine(port) ? '127.0.0.1' : port.hostIp, port: port.hostPort };
      return { forward, way: await openTunnel({ ...address, link, target }) };
    } catch (error) {
      return {
        forward: { ...forward, state: 'failed', problem: await explain(error, address) },
        way: 'none',
      };
    }
  }

  async #shut(name: string): Promise<void> {
    const entry = this.#entries.get(name);
    this.#entries.delete(name);
    if (!entry || entry.way === 'none') return;
    if (entry.way === 'driver') await this.#options.portForward?.close(entry.forward).catch(() => undefined);
    else await entry.way.close();
  }
}

/** Where a published port is opened on the desktop: "all addresses" means its loopback. */
export function desktopEnd(port: PublishedPort): ForwardAddress {
  const all = port.hostIp === '' || port.hostIp === '0.0.0.0' || port.hostIp === '::';
  const desktopAddress = all ? '127.0.0.1' : port.hostIp;
  return { protocol: port.protocol, desktopAddress, desktopPort: port.hostPort };
}

/** Whether the port is open on the machine's own address, where a driver's forward arrives. */
function reachesMachine(port: PublishedPort): boolean {
  return port.hostIp === '' || port.hostIp === '0.0.0.0' || port.hostIp === '::';
}

function key({ protocol, desktopAddress, desktopPort }: ForwardAddress): string {
  return `${protocol} ${desktopAddress} ${desktopPort}`;
}

function parseKey(text: string): ForwardAddress {
  const [protocol, desktopAddress, port] = text.split(' ') as ['tcp' | 'udp', string, string];
  return { protocol, desktopAddress, desktopPort: Number(port) };
}

async function explain(error: unknown, address: ForwardAddress): Promise<NonNullable<Forward['problem']>> {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'EADDRINUSE') {
    const owner = await portOwner(address);
    return { code: 'desktop-port-in-use', ...(owner === undefined ? {} : { owner }) };
  }
  return { code: code === 'EACCES' ? 'desktop-port-denied' : 'forward-failed' };
}

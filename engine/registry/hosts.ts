import { BlockList, isIP } from 'node:net';

/** Which registries may be spoken to without TLS: loopback always, else what `insecure-registries` names. */
export class InsecureRegistries {
  readonly #hosts = new Set<string>();
  readonly #networks = new BlockList();
  constructor(entries: readonly string[]) {
    this.#networks.addSubnet('127.0.0.0', 8, 'ipv4');
    this.#networks.addAddress('::1', 'ipv6');
    for (const entry of entries) {
      const [address = '', bits] = entry.split('/');
      const family = isIP(address);
      if (bits !== undefined && family !== 0) {
        this.#networks.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
      } else this.#hosts.add(entry.replace(/^https?:\/\//, ''));
    }
  }

  allows(domain: string): boolean {
    if (this.#hosts.has(domain)) return true;
    const host = hostOf(domain);
    if (host === 'localhost' || this.#hosts.has(host)) return true;
    const family = isIP(host);
    return family !== 0 && this.#networks.check(host, family === 4 ? 'ipv4' : 'ipv6');
  }
}

/** Host of `host:port` or `[::1]:port`, without brackets. */
function hostOf(domain: string): string {
  const bracketed = /^\[([^\]]+)\]/.exec(domain);
  return bracketed?.[1] ?? domain.replace(/:\d+$/, '');
}

/** Where the registry of a domain answers. */
export function registryHost(domain: string): string {
  return domain === 'docker.io' ? 'registry-1.docker.io' : domain;
}

/** Splits `localhost:5000/nginx` into registry and rest, by Docker's rule of what is a registry; none for Docker Hub. */
export function splitRegistry(text: string): { domain: string | undefined; rest: string } {
  const slash = text.indexOf('/');
  const first = slash < 0 ? '' : text.slice(0, slash);
  const isRegistry = /[.:]/.test(first) || first === 'localhost';
  if (!isRegistry || first === 'docker.io' || first === 'index.docker.io') {
    return { domain: undefined, rest: isRegistry ? text.slice(slash + 1) : text };
  }
  return { domain: first, rest: text.slice(slash + 1) };
}

import { Certificates } from './certificates.ts';
import { InsecureRegistries, registryHost } from './hosts.ts';
import { type Proxies, Transport } from './transport.ts';

export interface RegistrySettings {
  /** host[:port] or CIDR (`insecure-registries`); loopback always is. */
  insecure: readonly string[];
  /** URLs that are asked before Docker Hub (`registry-mirrors`). */
  mirrors: readonly string[];
  /** Docker's `certs.d`, the first that has a registry counts. */
  certificateDirectories: readonly string[];
  proxies: Proxies;
}

/** How this engine speaks to registries, as daemon.json and the certificate directories say. */
export class Registries {
  readonly transport: Transport;
  readonly #insecure: InsecureRegistries;
  readonly #mirrors: readonly string[];
  constructor(options: RegistrySettings) {
    this.#insecure = new InsecureRegistries(options.insecure);
    this.#mirrors = options.mirrors;
    const certificates = new Certificates(options.certificateDirectories);
    this.transport = new Transport({ certificates, proxies: options.proxies });
  }

  /** The registry of a domain, for everything that its mirrors cannot answer. */
  registry(domain: string): RegistryTarget {
    return {
      domain,
      host: registryHost(domain),
      allowsPlain: this.#insecure.allows(domain),
      mirror: undefined,
    };
  }

  /** Where to read from, in the order of trying: Docker Hub's mirrors, then the registry itself. */
  sources(domain: string): RegistryTarget[] {
    const own = this.registry(domain);
    if (domain !== 'docker.io') return [own];
    const mirrors = this.#mirrors.map((text): RegistryTarget => {
      const url = new URL(text);
      const allowsPlain = url.protocol === 'http:' || this.#insecure.allows(url.host);
      return { domain, host: url.host, allowsPlain, mirror: url };
    });
    return [...mirrors, own];
  }
}

/** One server that answers for a domain. */
export interface RegistryTarget {
  /** As in image names, e.g. `docker.io`. */
  domain: string;
  /** Where it is, e.g. `registry-1.docker.io`. */
  host: string;
  /** Plain HTTP and any certificate will do. */
  allowsPlain: boolean;
  /** The mirror's own URL. No sign-in of the domain is shown to a mirror. */
  mirror: URL | undefined;
}

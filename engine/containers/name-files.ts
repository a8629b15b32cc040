import { readFile } from 'node:fs/promises';
import { BerthError } from '../errors.ts';
import type { Networks } from '../network/network.ts';
import { writeText } from '../store/json-file.ts';
import type { Container } from './container.ts';
import { networksOf, sharedNetwork } from './endpoints.ts';
import type { ContainerParts } from './parts.ts';

/** Docker's first lines of /etc/hosts. */
const standardHosts = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::\tip6-localnet',
  'ff00::\tip6-mcastprefix',
  'ff02::1\tip6-allnodes',
  'ff02::2\tip6-allrouters',
];

/**
 * Writes a container's hosts, hostname and resolv.conf before its start. They are bound into the container, so that
 * later lines are appended to the same file (see `addOwnAddress` in start-run.ts).
 */
export async function writeNameFiles(parts: ContainerParts, container: Container): Promise<void> {
  if (sharedNetwork(container) !== undefined) return;
  const { config, hostConfig } = container.definition;
  const host = hostConfig.NetworkMode === 'host';
  const base = host ? [(await readFile('/etc/hosts', 'utf8')).trimEnd()] : standardHosts;
  const extra = (hostConfig.ExtraHosts ?? []).map((entry) => extraHost(parts.networks, entry));
  const public644 = { durable: false, mode: 0o644 };
  await writeText(container.files.hosts, `${[...base, ...extra].join('\n')}\n`, public644);
  const name = hostConfig.UTSMode === 'host' ? parts.hostname() : config.Hostname;
  await writeText(container.files.hostname, `${name ?? ''}\n`, public644);
  await writeText(container.files.resolvConf, resolvConf(parts, container), public644);
}

/** The files that are bound into a container: with another's network come its name, its hosts and its name servers. */
export function nameFilesOf(
  parts: ContainerParts,
  container: Container,
): { hosts: string; hostname: string; resolvConf: string } {
  const shared = sharedNetwork(container);
  return shared === undefined ? container.files : nameFilesOf(parts, parts.registry.get(shared));
}

/** A container's resolv.conf, by its networks of now. */
export function resolvConf(parts: ContainerParts, container: Container): string {
  const { hostConfig } = container.definition;
  const orDefault = (own: string[] | null | undefined, fallback: string[]) => {
    const list = own && own.length > 0 ? own : fallback;
    return list.length > 0 ? list : undefined;
  };
  const servers = orDefault(hostConfig.Dns, parts.defaults.dns);
  const search = orDefault(hostConfig.DnsSearch, parts.defaults.dnsSearch);
  const options = orDefault(hostConfig.DnsOptions, parts.defaults.dnsOptions);
  return parts.networks.resolvConf({
    network: hostConfig.NetworkMode,
    named: networksOf(container.definition).some((network) => parts.networks.isNamed(network)),
    ...(servers === undefined ? {} : { servers }),
    ...(search === undefined ? {} : { search }),
    ...(options === undefined ? {} : { options }),
  });
}

/** `name:address` or `name=address`; `host-gateway` stands for the bridge's own address. */
function extraHost(networks: Networks, entry: string): string {
  const found = /^([^:=]+)[:=](.+)$/.exec(entry);
  if (found === null) {
    throw new BerthError('bad-parameter', `bad format for add-host: "${entry}"`, { host: entry });
  }
  const [, name = '', address = ''] = found;
  const gateway = networks.get('bridge').IPAM.Config?.[0]?.Gateway ?? '';
  return `${address === 'host-gateway' ? gateway : address.replace(/^\[(.*)\]$/, '$1')}\t${name}`;
}

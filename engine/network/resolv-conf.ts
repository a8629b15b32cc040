import { readFileSync } from 'node:fs';

interface ResolvConf {
  servers: string[];
  search: string[];
  options: string[];
}

/** Where systemd-resolved keeps the servers that it asks itself, when /etc/resolv.conf names only its stub. */
const resolvedFile = '/run/systemd/resolve/resolv.conf';
const stub = '127.0.0.53';

/** The machine's resolv.conf; one that cannot be read counts as empty. */
export function readMachineResolvConf(): string {
  const text = readText('/etc/resolv.conf');
  const { servers } = parseResolvConf(text);
  const onlyStub = servers.length > 0 && servers.every((server) => server === stub);
  return onlyStub ? readText(resolvedFile) || text : text;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** As resolv.conf(5): the last `search` or `domain` line counts, options add up. */
export function parseResolvConf(text: string): ResolvConf {
  const result: ResolvConf = { servers: [], search: [], options: [] };
  for (const line of text.split('\n')) {
    const [word, ...values] = line
      .replace(/[#;].*$/, '')
      .trim()
      .split(/\s+/);
    if (word === 'nameserver' && values[0]) result.servers.push(values[0]);
    else if (word === 'search' || word === 'domain') result.search = values;
    else if (word === 'options') result.options.push(...values);
  }
  return result;
}

/** Used where the machine names no server that a container could reach: Docker's own choice (Google's). */
const fallbackServers = ['8.8.8.8', '8.8.4.4'];

/**
 * A container's resolv.conf, by Docker's rules: the machine's without servers on its loopback and (there is no IPv6 in
 * the container) without IPv6 ones; each part replaced by what the container names itself; search `.` means none.
 */
export function planResolvConf(options: {
  machine: string;
  isolated: boolean;
  servers?: string[] | undefined;
  search?: string[] | undefined;
  options?: string[] | undefined;
}): string {
  const machine = parseResolvConf(options.machine);
  const reachable = options.isolated ? machine.servers.filter(isReachable) : machine.servers;
  const inherited = options.isolated && reachable.length === 0 ? fallbackServers : reachable;
  const servers = options.servers?.length ? options.servers : inherited;
  const search = (options.search?.length ? options.search : machine.search).filter((name) => name !== '.');
  const words = options.options?.length ? options.options : machine.options;
  return [
    '# Made by Berth when this container was created.',
    ...servers.map((server) => `nameserver ${server}`),
    ...(search.length ? [`search ${search.join(' ')}`] : []),
    ...(words.length ? [`options ${words.join(' ')}`] : []),
    '',
  ].join('\n');
}

function isReachable(server: string): boolean {
  return !server.startsWith('127.') && !server.includes(':');
}

import type { CreateRequest, HostConfig } from '../../../../engine/api/containers.ts';
import { newKey, type RunForm } from './form.ts';
import { quoteWord } from './words.ts';

/**
 * The options of `docker run`, as data. Each says how its value enters the form; what has no field goes to
 * `more` and from there into the request. A flag that stands in neither table is left out and named.
 */

export interface FormOption {
  flags: readonly string[];
  /** Options with a value take the next word; others are switches. */
  takesValue: boolean;
  /** Returns false for a value that it cannot read; the option is then left out by name. */
  read: (form: RunForm, value: string) => boolean;
}

/** Ports of a range like 8000-8010 are written out up to this many. */
const longestRange = 20;

function portRange(text: string): number[] | undefined {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  if (!match) return undefined;
  const first = Number(match[1]);
  const last = Number(match[2] ?? first);
  if (last < first || last - first >= longestRange) return undefined;
  return Array.from({ length: last - first + 1 }, (_, step) => first + step);
}

/** `[address:]desktop:container[/protocol]`, or only a container port for one that the engine chooses. */
function readPort(form: RunForm, value: string): boolean {
  const match = /^(?:(?:(\[[^\]]+\]|[^:[\]]*):)?([\d-]*):)?([\d-]+)(?:\/(tcp|udp))?$/.exec(value);
  if (!match) return false;
  const [, address = '', desktop = '', container = '', protocol = 'tcp'] = match;
  const inside = portRange(container);
  const outside = desktop === '' ? undefined : portRange(desktop);
  if (!inside || (desktop !== '' && outside?.length !== inside.length)) return false;
  inside.forEach((port, index) => {
    form.ports.push({
      key: newKey(),
      address,
      desktop: String(outside?.[index] ?? ''),
      container: String(port),
      protocol: protocol as 'tcp' | 'udp',
    });
  });
  return true;
}

function readVolume(form: RunForm, value: string): boolean {
  const parts = value.split(':');
  const [source, target, mode = ''] = parts.length === 1 ? ['', value] : parts;
  if (source === undefined || !target?.startsWith('/') || parts.length > 3) return false;
  form.volumes.push({ key: newKey(), source, target, readOnly: mode.split(',').includes('ro') });
  return true;
}

/** `--mount type=volume,source=x,target=/y[,readonly]`; other types are not volumes. */
function readMount(form: RunForm, value: string): boolean {
  const pairs = new Map(
    value.split(',').map((part): [string, string] => {
      const [key = '', ...rest] = part.split('=');
      return [key.toLowerCase(), rest.join('=')];
    }),
  );
  const target = pairs.get('target') ?? pairs.get('dst') ?? pairs.get('destination');
  const source = pairs.get('source') ?? pairs.get('src') ?? '';
  const type = pairs.get('type') ?? 'volume';
  if (!target || (type !== 'volume' && type !== 'bind')) return false;
  const flag = pairs.get('readonly') ?? pairs.get('ro');
  form.volumes.push({ key: newKey(), source, target, readOnly: flag !== undefined && flag !== 'false' });
  return true;
}

function readEnv(form: RunForm, value: string): boolean {
  const at = value.indexOf('=');
  // `-e NAME` takes the caller's value, which the page does not know.
  if (at <= 0) return false;
  form.env.push({ key: newKey(), name: value.slice(0, at), value: value.slice(at + 1) });
  return true;
}

type TextField = 'name' | 'memory' | 'cpus' | 'workdir' | 'user' | 'hostname';
const text = (field: TextField, ...flags: string[]): FormOption => ({
  flags,
  takesValue: true,
  read: (form, value) => {
    form[field] = value;
    return true;
  },
});
const flag = (field: 'tty' | 'interactive' | 'autoRemove', ...flags: string[]): FormOption => ({
  flags,
  takesValue: false,
  read: (form, value) => {
    form[field] = value !== 'false';
    return true;
  },
});
const value = (read: FormOption['read'], ...flags: string[]): FormOption => ({
  flags,
  takesValue: true,
  read,
});

export const formOptions: readonly FormOption[] = [
  text('name', '--name'),
  text('memory', '-m', '--memory'),
  text('cpus', '--cpus'),
  text('workdir', '-w', '--workdir'),
  text('user', '-u', '--user'),
  text('hostname', '-h', '--hostname'),
  flag('tty', '-t', '--tty'),
  flag('interactive', '-i', '--interactive'),
  flag('autoRemove', '--rm'),
  // The dialog always runs detached; logs and terminal are beside.
  { flags: ['-d', '--detach'], takesValue: false, read: () => true },
  value(readPort, '-p', '--publish'),
  value(readVolume, '-v', '--volume'),
  value(readMount, '--mount'),
  value(readEnv, '-e', '--env'),
  value(
    (form, network) => {
      form.network = network === 'default' || network === 'bridge' ? '' : network;
      return true;
    },
    '--network',
    '--net',
  ),
  value((form, entrypoint) => {
    form.entrypoint = quoteWord(entrypoint);
    return true;
  }, '--entrypoint'),
  value((form, policy) => {
    const name = policy.split(':')[0];
    if (name !== 'no' && name !== 'always' && name !== 'unless-stopped' && name !== 'on-failure')
      return false;
    form.restart = name === 'no' ? '' : name;
    return true;
  }, '--restart'),
];

export interface MoreOption {
  takesValue: boolean;
  write: (request: CreateRequest, hostConfig: HostConfig, value: string) => void;
}

type ListKey =
  | 'CapAdd'
  | 'CapDrop'
  | 'Dns'
  | 'DnsSearch'
  | 'ExtraHosts'
  | 'GroupAdd'
  | 'SecurityOpt'
  | 'VolumesFrom';
const list = (key: ListKey): MoreOption => ({
  takesValue: true,
  write: (_, hostConfig, item) => {
    hostConfig[key] = [...(hostConfig[key] ?? []), item];
  },
});
const pair = (key: 'Sysctls' | 'Tmpfs', separator: string): MoreOption => ({
  takesValue: true,
  write: (_, hostConfig, item) => {
    const [name = '', ...rest] = item.split(separator);
    hostConfig[key] = { ...hostConfig[key], [name]: rest.join(separator) };
  },
});
const hostFlag = (key: 'Privileged' | 'ReadonlyRootfs' | 'Init' | 'PublishAllPorts'): MoreOption => ({
  takesValue: false,
  write: (_, hostConfig, on) => {
    hostConfig[key] = on !== 'false';
  },
});
const hostText = (key: 'PidMode' | 'IpcMode' | 'UTSMode' | 'CpusetCpus' | 'Runtime'): MoreOption => ({
  takesValue: true,
  write: (_, hostConfig, word) => {
    hostConfig[key] = word;
  },
});

export const moreOptions: Readonly<Record<string, MoreOption>> = {
  '--cap-add': list('CapAdd'),
  '--cap-drop': list('CapDrop'),
  '--dns': list('Dns'),
  '--dns-search': list('DnsSearch'),
  '--add-host': list('ExtraHosts'),
  '--group-add': list('GroupAdd'),
  '--security-opt': list('SecurityOpt'),
  '--volumes-from': list('VolumesFrom'),
  '--sysctl': pair('Sysctls', '='),
  '--tmpfs': pair('Tmpfs', ':'),
  '--privileged': hostFlag('Privileged'),
  '--read-only': hostFlag('ReadonlyRootfs'),
  '--init': hostFlag('Init'),
  '--publish-all': hostFlag('PublishAllPorts'),
  '--pid': hostText('PidMode'),
  '--ipc': hostText('IpcMode'),
  '--uts': hostText('UTSMode'),
  '--cpuset-cpus': hostText('CpusetCpus'),
  '--runtime': hostText('Runtime'),
  '--label': {
    takesValue: true,
    write: (request, _, label) => {
      const [name = '', ...rest] = label.split('=');
      request.Labels = { ...request.Labels, [name]: rest.join('=') };
    },
  },
  '--pids-limit': {
    takesValue: true,
    write: (_, hostConfig, limit) => {
      hostConfig.PidsLimit = Number(limit);
    },
  },
  '--stop-signal': {
    takesValue: true,
    write: (request, _, signal) => {
      request.StopSignal = signal;
    },
  },
};

/** Short forms of options in `moreOptions`. */
export const shortForms: Readonly<Record<string, string>> = { '-l': '--label', '-P': '--publish-all' };

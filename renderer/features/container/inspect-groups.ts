import type { ContainerInspect } from '../../../engine/api/containers.ts';
import type words from '../../messages/en/container.ts';

type FieldKey = keyof typeof words.inspect.key;

/** One line of the Inspect tab. `key` is a word of the catalogue, `name` is the engine's own. */
export interface InspectField {
  key?: `inspect.key.${FieldKey}`;
  name?: string;
  value: string;
  /** Shown as dots until asked for. */
  secret?: boolean;
}

export type InspectGroupName =
  | 'general'
  | 'command'
  | 'env'
  | 'labels'
  | 'mounts'
  | 'ports'
  | 'network'
  | 'limits'
  | 'security'
  | 'health';

export interface InspectGroup {
  group: InspectGroupName;
  fields: InspectField[];
}

/** Words that inspection needs in the reader's language. */
export interface InspectWords {
  yes: string;
  no: string;
  readOnly: string;
  notPublished: string;
  bytes: (bytes: number) => string;
  moment: (rfc3339: string) => string;
}

const secretName = /pass|secret|token|key|credential|private/i;
const neverStarted = '0001-01-01T00:00:00Z';

const quoted = (words: readonly string[] | null | undefined) =>
  (words ?? []).map((word) => (/[\s"']/.test(word) ? JSON.stringify(word) : word)).join(' ');

/** Empty values are left out: they say nothing. */
function fields(pairs: [FieldKey, string | undefined][]): InspectField[] {
  return pairs.flatMap(([key, value]) =>
    value === undefined || value === '' ? [] : [{ key: `inspect.key.${key}` as const, value }],
  );
}

function general(inspect: ContainerInspect, words: InspectWords): InspectField[] {
  const { State: state, HostConfig: host } = inspect;
  const at = (time: string) => (time === neverStarted || time === '' ? undefined : words.moment(time));
  const retries = host.RestartPolicy?.MaximumRetryCount;
  return fields([
    ['name', inspect.Name.replace(/^\//, '')],
    ['id', inspect.Id],
    ['image', inspect.Config.Image],
    ['imageId', inspect.Image],
    ['state', state.Status],
    ['exitCode', state.Running ? undefined : String(state.ExitCode)],
    ['error', state.Error],
    ['pid', state.Pid > 0 ? String(state.Pid) : undefined],
    ['created', at(inspect.Created)],
    ['started', at(state.StartedAt)],
    ['finished', state.Running ? undefined : at(state.FinishedAt)],
    ['restartPolicy', [host.RestartPolicy?.Name, retries].filter(Boolean).join(':')],
    ['restarts', String(inspect.RestartCount)],
    ['autoRemove', host.AutoRemove ? words.yes : undefined],
    ['platform', inspect.Platform],
    ['driver', inspect.Driver],
    ['logDriver', host.LogConfig?.Type],
  ]);
}

function command(inspect: ContainerInspect, words: InspectWords): InspectField[] {
  const { Config: config } = inspect;
  return fields([
    ['path', inspect.Path],
    ['args', quoted(inspect.Args)],
    ['entrypoint', quoted(config.Entrypoint)],
    ['cmd', quoted(config.Cmd)],
    ['workdir', config.WorkingDir ?? undefined],
    ['user', config.User ?? undefined],
    ['hostname', config.Hostname ?? undefined],
    ['tty', config.Tty ? words.yes : undefined],
    ['openStdin', config.OpenStdin ? words.yes : undefined],
    ['stopSignal', config.StopSignal ?? undefined],
  ]);
}

function env(inspect: ContainerInspect): InspectField[] {
  return (inspect.Config.Env ?? []).map((line) => {
    const at = line.indexOf('=');
    const name = at < 0 ? line : line.slice(0, at);
    return { name, value: at < 0 ? '' : line.slice(at + 1), secret: secretName.test(name) };
  });
}

const labels = (inspect: ContainerInspect): InspectField[] =>
  Object.entries(inspect.Config.Labels ?? {}).map(([name, value]) => ({ name, value }));

const mounts = (inspect: ContainerInspect, words: InspectWords): InspectField[] =>
  (inspect.Mounts ?? []).map((mount) => ({
    name: mount.Destination,
    value: [`${mount.Type} ${mount.Name ?? mount.Source}`, mount.RW ? '' : words.readOnly]
      .filter(Boolean)
      .join(', '),
  }));

const ports = (inspect: ContainerInspect, words: InspectWords): InspectField[] =>
  Object.entries(inspect.NetworkSettings?.Ports ?? {}).map(([name, bindings]) => ({
    name,
    value: bindings?.map(({ HostIp, HostPort }) => `${HostIp}:${HostPort}`).join(', ') || words.notPublished,
  }));

function network(inspect: ContainerInspect): InspectField[] {
  const networks = Object.entries(inspect.NetworkSettings?.Networks ?? {}).map(
    ([name, endpoint]): InspectField => ({
      name,
      value: [
        endpoint.IPAddress && `${endpoint.IPAddress}/${endpoint.IPPrefixLen}`,
        endpoint.GlobalIPv6Address,
        endpoint.MacAddress,
        (endpoint.Aliases ?? []).join(' '),
      ]
        .filter(Boolean)
        .join(', '),
    }),
  );
  return [...fields([['mode', inspect.HostConfig.NetworkMode]]), ...networks];
}

function limits({ HostConfig: host }: ContainerInspect, words: InspectWords): InspectField[] {
  const bytes = (value: number | null | undefined) => (value && value > 0 ? words.bytes(value) : undefined);
  return fields([
    ['memory', bytes(host.Memory)],
    ['memorySwap', bytes(host.MemorySwap)],
    ['cpus', host.NanoCpus ? String(host.NanoCpus / 1e9) : undefined],
    ['cpuset', host.CpusetCpus ?? undefined],
    ['pids', host.PidsLimit && host.PidsLimit > 0 ? String(host.PidsLimit) : undefined],
  ]);
}

function security({ HostConfig: host }: ContainerInspect, words: InspectWords): InspectField[] {
  return fields([
    ['privileged', host.Privileged ? words.yes : words.no],
    ['capAdd', quoted(host.CapAdd)],
    ['capDrop', quoted(host.CapDrop)],
    ['readonly', host.ReadonlyRootfs ? words.yes : undefined],
    ['securityOpt', quoted(host.SecurityOpt)],
  ]);
}

function health(inspect: ContainerInspect): InspectField[] {
  const { Health: state } = inspect.State;
  const last = state?.Log?.at(-1);
  return fields([
    ['test', quoted(inspect.Config.Healthcheck?.Test)],
    ['status', state?.Status],
    ['failures', state ? String(state.FailingStreak) : undefined],
    ['lastExit', last ? String(last.ExitCode) : undefined],
    ['lastOutput', last?.Output.trim()],
  ]);
}

/** The groups of the Inspect tab, in order; empty ones are left out. */
export function inspectGroups(inspect: ContainerInspect, words: InspectWords): InspectGroup[] {
  const all: InspectGroup[] = [
    { group: 'general', fields: general(inspect, words) },
    { group: 'command', fields: command(inspect, words) },
    { group: 'env', fields: env(inspect) },
    { group: 'ports', fields: ports(inspect, words) },
    { group: 'mounts', fields: mounts(inspect, words) },
    { group: 'network', fields: network(inspect) },
    { group: 'limits', fields: limits(inspect, words) },
    { group: 'security', fields: security(inspect, words) },
    { group: 'health', fields: health(inspect) },
    { group: 'labels', fields: labels(inspect) },
  ];
  return all.filter(({ fields: list }) => list.length > 0);
}

/** Copies the inspection with secret environment values masked. */
export function maskedInspect(inspect: ContainerInspect): ContainerInspect {
  const masked = env(inspect).map(({ name, value, secret }) => `${name}=${secret ? '••••••' : value}`);
  return { ...inspect, Config: { ...inspect.Config, Env: inspect.Config.Env ? masked : inspect.Config.Env } };
}

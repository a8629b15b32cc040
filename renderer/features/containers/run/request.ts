import type { CreateRequest, HostConfig, PortMap } from '../../../../engine/api/containers.ts';
import type { RunForm } from './form.ts';
import { moreOptions } from './options.ts';
import { quoteWord, splitWords } from './words.ts';

const memoryUnits: Record<string, number> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** Bytes of a docker size such as 512m; undefined when it is none. */
export function parseMemory(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([bkmg]?)(?:i?b)?$/i.exec(text.trim());
  const unit = memoryUnits[match?.[2]?.toLowerCase() ?? 'none'];
  return match && unit !== undefined ? Math.round(Number(match[1]) * unit) : undefined;
}

function portBindings(form: RunForm): PortMap {
  const bindings: PortMap = {};
  for (const row of form.ports) {
    const key = `${row.container}/${row.protocol}`;
    const binding = {
      ...(row.address ? { HostIp: row.address.replace(/^\[|\]$/g, '') } : {}),
      HostPort: row.desktop,
    };
    bindings[key] = [...(bindings[key] ?? []), binding];
  }
  return bindings;
}

/** `name:/path[:ro]`; an anonymous volume is its path alone. */
function bindOf(row: RunForm['volumes'][number]): string {
  const path = row.source === '' ? row.target : `${row.source}:${row.target}`;
  return row.readOnly ? `${path}:ro` : path;
}

/** The engine's request for a form that check.ts found nothing wrong with. */
export function requestOf(form: RunForm): CreateRequest {
  const hostConfig: HostConfig = {};
  const request: CreateRequest = { Image: form.image.trim(), HostConfig: hostConfig };
  const command = splitWords(form.command);
  if (command.length > 0) request.Cmd = command;
  const entrypoint = splitWords(form.entrypoint);
  if (entrypoint.length > 0) request.Entrypoint = entrypoint;
  const env = form.env.filter(({ name }) => name !== '').map(({ name, value }) => `${name}=${value}`);
  if (env.length > 0) request.Env = env;
  if (form.workdir) request.WorkingDir = form.workdir;
  if (form.user) request.User = form.user;
  if (form.hostname) request.Hostname = form.hostname;
  if (form.tty) request.Tty = true;
  if (form.interactive) request.OpenStdin = true;
  if (form.ports.length > 0) {
    const bindings = portBindings(form);
    request.ExposedPorts = Object.fromEntries(Object.keys(bindings).map((port) => [port, {}]));
    hostConfig.PortBindings = bindings;
  }
  const binds = form.volumes.filter(({ source }) => source !== '');
  if (binds.length > 0) hostConfig.Binds = binds.map(bindOf);
  const anonymous = form.volumes.filter(({ source }) => source === '');
  if (anonymous.length > 0) request.Volumes = Object.fromEntries(anonymous.map(({ target }) => [target, {}]));
  if (form.memory) hostConfig.Memory = parseMemory(form.memory);
  if (form.cpus) hostConfig.NanoCpus = Math.round(Number(form.cpus) * 1e9);
  if (form.network) hostConfig.NetworkMode = form.network;
  if (form.restart) hostConfig.RestartPolicy = { Name: form.restart };
  if (form.autoRemove) hostConfig.AutoRemove = true;
  for (const { flag, value } of form.more) moreOptions[flag]?.write(request, hostConfig, value);
  return request;
}

function portWord(row: RunForm['ports'][number]): string {
  const desktop = row.address ? `${row.address}:${row.desktop}:` : row.desktop ? `${row.desktop}:` : '';
  return `${desktop}${row.container}${row.protocol === 'tcp' ? '' : `/${row.protocol}`}`;
}

/** The `docker run` line that does the same as Run. */
export function commandOf(form: RunForm): string {
  const words = ['docker', 'run', '-d'];
  const option = (flag: string, value: string) => value !== '' && words.push(flag, value);
  option('--name', form.name);
  for (const row of form.ports) if (row.container) words.push('-p', portWord(row));
  for (const row of form.volumes) if (row.target) words.push('-v', bindOf(row));
  for (const row of form.env) if (row.name) words.push('-e', `${row.name}=${row.value}`);
  option('-m', form.memory);
  option('--cpus', form.cpus);
  option('--network', form.network);
  option('--restart', form.restart);
  const [program = '', ...args] = splitWords(form.entrypoint);
  option('--entrypoint', program);
  option('-w', form.workdir);
  option('-u', form.user);
  option('--hostname', form.hostname);
  if (form.tty) words.push('-t');
  if (form.interactive) words.push('-i');
  if (form.autoRemove) words.push('--rm');
  for (const { flag, value } of form.more) words.push(flag, ...(value === '' ? [] : [value]));
  words.push(form.image.trim(), ...args, ...splitWords(form.command));
  return words.filter(Boolean).map(quoteWord).join(' ');
}

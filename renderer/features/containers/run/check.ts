import { type ContainerView, isUp } from '../../../stores/container-state.ts';
import type { RunForm } from './form.ts';
import { parseMemory } from './request.ts';

/** Something to change before Run; `at` says where in the form it belongs. */
export type Complaint =
  | { at: 'image'; kind: 'imageMissing' }
  | { at: 'name'; kind: 'nameTaken'; name: string }
  | { at: 'name'; kind: 'nameBad' }
  | { at: 'port'; key: number; kind: 'portBad'; port: string }
  | { at: 'port'; key: number; kind: 'portTwice'; port: string }
  | { at: 'port'; key: number; kind: 'portUsed'; port: string; owner: ContainerView; free: number }
  | { at: 'volume'; key: number; kind: 'desktopPath'; path: string }
  | { at: 'volume'; key: number; kind: 'pathBad' }
  | { at: 'memory'; kind: 'memoryBad' }
  | { at: 'cpus'; kind: 'cpusBad' };

/** Docker's own least. */
const leastMemoryBytes = 6 * 1024 ** 2;

function isPort(text: string): boolean {
  return /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 65535;
}

/** Who holds each published port now. */
function portOwners(containers: Iterable<ContainerView>): Map<string, ContainerView> {
  const owners = new Map<string, ContainerView>();
  for (const view of containers)
    if (isUp(view)) for (const { port, protocol } of view.ports) owners.set(`${port}/${protocol}`, view);
  return owners;
}

function checkPorts(form: RunForm, containers: Iterable<ContainerView>): Complaint[] {
  const owners = portOwners(containers);
  const asked = new Set<string>();
  return form.ports.flatMap((row): Complaint[] => {
    const bad = [row.container, row.desktop].find(
      (port, index) => !isPort(port) && !(index === 1 && port === ''),
    );
    if (bad !== undefined) return [{ at: 'port', key: row.key, kind: 'portBad', port: bad }];
    if (row.desktop === '') return [];
    const name = `${row.desktop}/${row.protocol}`;
    // Two addresses may share a port.
    const place = `${row.address}:${name}`;
    if (asked.has(place)) return [{ at: 'port', key: row.key, kind: 'portTwice', port: row.desktop }];
    asked.add(place);
    const owner = owners.get(name);
    if (!owner) return [];
    const mine = new Set(form.ports.map(({ desktop, protocol }) => `${desktop}/${protocol}`));
    let free = Number(row.desktop) + 1;
    while (free < 65535 && (owners.has(`${free}/${row.protocol}`) || mine.has(`${free}/${row.protocol}`)))
      free++;
    return [{ at: 'port', key: row.key, kind: 'portUsed', port: row.desktop, owner, free }];
  });
}

/** Looks for what the engine would refuse, while it is still cheap to change. */
export function checkForm(form: RunForm, containers: readonly ContainerView[]): Complaint[] {
  const complaints: Complaint[] = [];
  if (form.image.trim() === '') complaints.push({ at: 'image', kind: 'imageMissing' });
  if (form.name !== '' && !/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(form.name))
    complaints.push({ at: 'name', kind: 'nameBad' });
  else if (containers.some(({ name }) => name === form.name))
    complaints.push({ at: 'name', kind: 'nameTaken', name: form.name });
  complaints.push(...checkPorts(form, containers));
  for (const row of form.volumes) {
    if (/^[/.~]|^[a-zA-Z]:\\/.test(row.source) && row.source !== '/var/run/docker.sock')
      complaints.push({ at: 'volume', key: row.key, kind: 'desktopPath', path: row.source });
    else if (!row.target.startsWith('/')) complaints.push({ at: 'volume', key: row.key, kind: 'pathBad' });
  }
  const memory = parseMemory(form.memory);
  if (form.memory !== '' && (memory === undefined || memory < leastMemoryBytes))
    complaints.push({ at: 'memory', kind: 'memoryBad' });
  if (form.cpus !== '' && !(Number(form.cpus) > 0)) complaints.push({ at: 'cpus', kind: 'cpusBad' });
  return complaints;
}

/** The desktop's port to offer for a port that an image exposes: itself where that needs no right, and free. */
export function suggestPort(containerPort: number, containers: Iterable<ContainerView>): number {
  const owners = portOwners(containers);
  let port = containerPort < 1024 ? containerPort + 8000 : containerPort;
  while (owners.has(`${port}/tcp`) && port < 65535) port++;
  return port;
}

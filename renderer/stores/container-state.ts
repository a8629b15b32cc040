import type { ContainerSummary } from '../../engine/api/containers.ts';

/** What a container's state is called here: Docker's status joined with its health and exit code. */
export type ContainerCondition =
  | 'created'
  | 'running'
  | 'healthy'
  | 'starting'
  | 'unhealthy'
  | 'paused'
  | 'restarting'
  | 'removing'
  | 'exited'
  | 'failed';

export type ContainerGroup = 'running' | 'problems' | 'paused' | 'stopped';

export interface ContainerView {
  id: string;
  /** Without Docker's leading slash. */
  name: string;
  image: string;
  condition: ContainerCondition;
  /** Of an ended container. */
  exitCode?: number;
  project?: string;
  service?: string;
  composeFile?: string;
  ports: PublishedAt[];
  /** When it started or ended, as exactly as Docker's rounded words say; undefined before the first start. */
  since?: { atMs: number; exactToMs: number };
  labels: Record<string, string>;
  createdAtMs: number;
}

/** One published port, once, whatever the number of addresses it is bound to. */
export interface PublishedAt {
  port: number;
  containerPort: number;
  protocol: string;
}

/** The list answers health and exit code only inside Docker's sentence. */
function condition(summary: ContainerSummary): { condition: ContainerCondition; exitCode?: number } {
  switch (summary.State) {
    case 'running': {
      const health = /\((?:health: )?(healthy|unhealthy|starting)\)/.exec(summary.Status)?.[1];
      return { condition: (health as ContainerCondition | undefined) ?? 'running' };
    }
    case 'exited': {
      const exitCode = Number(/^Exited \((\d+)\)/.exec(summary.Status)?.[1] ?? 0);
      return { condition: exitCode === 0 ? 'exited' : 'failed', exitCode };
    }
    case 'dead':
      return { condition: 'failed' };
    default:
      return { condition: summary.State };
  }
}

const unitMs: Record<string, number> = {
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
  month: 2_592_000_000,
  year: 31_536_000_000,
};

/** Docker's rounded span ("2 hours", "About an hour", "Less than a second") back as milliseconds. */
function since(status: string, nowMs: number): ContainerView['since'] {
  const words = /^(?:Up|Exited \(\d+\)|Restarting \(\d+\)) (.*?)(?: ago)?(?: \(.*\))?$/.exec(status)?.[1];
  if (words === undefined) return undefined;
  const match = /(\d+|an?) (second|minute|hour|day|week|month|year)s?$/.exec(words);
  if (!match) return undefined;
  const exactToMs = unitMs[match[2] as string] as number;
  const count = words.startsWith('Less than') ? 0 : Number(match[1]) || 1;
  return { atMs: nowMs - count * exactToMs, exactToMs };
}

function publishedPorts(summary: ContainerSummary): PublishedAt[] {
  const seen = new Map<string, PublishedAt>();
  for (const port of summary.Ports ?? []) {
    if (port.PublicPort === undefined) continue;
    const published = { port: port.PublicPort, containerPort: port.PrivatePort, protocol: port.Type };
    seen.set(`${published.port}/${published.protocol}`, published);
  }
  return [...seen.values()].sort((a, b) => a.port - b.port);
}

/** Makes the row of a container from Docker's summary, read at `nowMs`. */
export function containerView(summary: ContainerSummary, nowMs: number): ContainerView {
  const labels = summary.Labels ?? {};
  const view: ContainerView = {
    id: summary.Id,
    name: (summary.Names[0] ?? summary.Id.slice(0, 12)).replace(/^\//, ''),
    image: summary.Image,
    ...condition(summary),
    ports: publishedPorts(summary),
    labels,
    createdAtMs: summary.Created * 1000,
  };
  const passed = since(summary.Status, nowMs);
  if (passed !== undefined) view.since = passed;
  const project = labels['com.docker.compose.project'];
  if (project) view.project = project;
  const service = labels['com.docker.compose.service'];
  if (service) view.service = service;
  const file = labels['com.docker.compose.project.config_files'];
  if (file) view.composeFile = file;
  return view;
}

const groups: Record<ContainerCondition, ContainerGroup[]> = {
  created: ['stopped'],
  running: ['running'],
  healthy: ['running'],
  starting: ['running'],
  unhealthy: ['running', 'problems'],
  paused: ['paused'],
  restarting: ['running'],
  removing: ['stopped'],
  exited: ['stopped'],
  failed: ['stopped', 'problems'],
};

/** The chips a container counts for; a problem counts beside its state. */
export function groupsOf(view: ContainerView): readonly ContainerGroup[] {
  return groups[view.condition];
}

/** True while the container has processes: Stop applies, Start does not. */
export function isUp(view: ContainerView): boolean {
  return !['created', 'exited', 'failed', 'removing'].includes(view.condition);
}

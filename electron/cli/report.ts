import type { HostState, MachineState, Problem, StageReport } from '../host/api/machine.ts';

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

const stageWords: Record<StageReport['name'], string> = {
  computer: 'This computer',
  image: 'Machine image',
  accelerator: 'Accelerator',
  disk: 'Disk',
  boot: 'Virtual machine booted',
  ssh: 'SSH connected',
  deploy: 'Engine in place',
  engine: 'Engine answers',
  forward: 'Ports and socket opened',
};

const marks: Record<StageReport['state'], string> = {
  waiting: '–',
  running: '…',
  done: '✓',
  warning: '!',
  failed: '×',
};

/** A problem in one line: its code, its facts, and the technical text where there is one. */
export function problemLine(problem: Problem): string {
  const facts = Object.entries(problem.params).map(([key, value]) => `${key} ${value}`);
  return [problem.code, facts.join(', '), problem.detail].filter(Boolean).join(': ');
}

/** One line for a stage, with its time and the usual one. */
export function stageLine(stage: StageReport): string {
  const time = stage.durationMs === undefined ? '' : seconds(stage.durationMs);
  const usual = stage.usualMs === undefined ? '' : `(usually ${seconds(stage.usualMs)})`;
  const problem = stage.problem ? `  ${problemLine(stage.problem)}` : '';
  return `${marks[stage.state]} ${stageWords[stage.name].padEnd(26)}${time.padStart(8)} ${usual}${problem}`.trimEnd();
}

/** What `berth status` prints. */
export function statusText({ machine, host }: HostState): string {
  const lines = [`machine   ${machine.name} (${machine.kind}): ${machine.phase}`];
  if (machine.problem) lines.push(`problem   ${problemLine(machine.problem)}`);
  if (machine.accelerator) {
    const { name, reason } = machine.accelerator;
    lines.push(`processor ${name}${reason ? ` (${problemLine(reason)})` : ''}`);
  }
  if (machine.resources) {
    const { cpus, memoryBytes } = machine.resources;
    lines.push(`resources ${cpus} cores, ${Math.round(memoryBytes / 2 ** 20)} MiB`);
  }
  lines.push(
    `engine    ${machine.engine.phase}${machine.engine.version ? ` ${machine.engine.version}` : ''}`,
  );
  if (machine.engine.socket) lines.push(`socket    unix://${machine.engine.socket}`);
  for (const forward of machine.forwards) lines.push(forwardLine(forward));
  lines.push(`host      ${host.version}, pid ${host.pid}`);
  return lines.join('\n');
}

function forwardLine(forward: MachineState['forwards'][number]): string {
  const from = `${forward.desktopAddress}:${forward.desktopPort}/${forward.protocol}`;
  const owner = forward.problem?.owner ? ` (${forward.problem.owner})` : '';
  const state = forward.state === 'open' ? '' : `  ${forward.problem?.code ?? 'failed'}${owner}`;
  return `port      ${from} → ${forward.containerName}:${forward.containerPort}${state}`;
}

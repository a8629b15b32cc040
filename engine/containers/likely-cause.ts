import type { ContainerConfig } from '../api/containers.ts';
import type { Cause, CauseKind, Evidence, LogLine } from '../api/post-mortem.ts';
import type { StoredRun } from './run-end.ts';

/** A shell that has nothing to read ends sooner than this. */
const atOnceMs = 2000;

interface Ended {
  run: StoredRun;
  /** Its last lines, oldest first. */
  lines: LogLine[];
  config: ContainerConfig;
}

/** The likeliest reason for the end of a run, and what it is read from. Pure. */
export function likelyCause(ended: Ended): Cause {
  const { run } = ended;
  if (run.stoppedBy === 'unknown') return cause('lost', exitCode(run));
  if (run.stoppedBy === 'engine') return failedStart(run);
  if (run.stoppedBy === 'kernel' && run.oomKilled) return outOfMemory(run);
  if (run.stoppedBy === 'request') return stopped(run);
  if (run.stoppedBy === 'outside') {
    // abort(3) and the like are a program's own doing, though they come as a signal.
    const kind =
      run.signal === 'SIGABRT' ? 'crashed' : run.signal === 'SIGKILL' ? 'killed-outside' : 'signalled';
    return cause(kind, ...signal(run), ...saidOf(ended, kind));
  }
  if (run.stoppedBy === 'kernel') return cause('crashed', ...signal(run), ...lastLine(ended.lines));
  if (run.oomKilled) return outOfMemory(run);
  if (run.exitCode === 0) return finished(ended);
  return failed(ended);
}

function cause(kind: CauseKind, ...evidence: Evidence[]): Cause {
  return { kind, evidence };
}

const exitCode = (run: StoredRun): Evidence => ({ kind: 'exit-code', exitCode: run.exitCode });

function signal(run: StoredRun): Evidence[] {
  return run.signal === null ? [] : [{ kind: 'signal', signal: run.signal }];
}

function ranFor(run: StoredRun): number {
  return run.startedAt === null ? 0 : Math.max(0, Date.parse(run.finishedAt) - Date.parse(run.startedAt));
}

function health(run: StoredRun): Evidence[] {
  const failingStreak = run.health?.FailingStreak ?? 0;
  return failingStreak > 0 ? [{ kind: 'health', failingStreak }] : [];
}

function outOfMemory(run: StoredRun): Cause {
  const { memory } = run;
  const peakBytes = memory?.peakBytes;
  return cause(
    'out-of-memory',
    { kind: 'oom-kills', count: Math.max(1, memory?.oomKills ?? 0) },
    ...(peakBytes ? [{ kind: 'memory' as const, peakBytes, limitBytes: memory.limitBytes }] : []),
    ...signal(run),
  );
}

function stopped(run: StoredRun): Cause {
  const { request } = run;
  if (request === null) return cause('stopped', exitCode(run));
  const { action, at, client, timedOut, timeoutSeconds } = request;
  return cause(
    timedOut ? 'stop-timed-out' : 'stopped',
    { kind: 'request', action, at, client },
    ...(timedOut && timeoutSeconds !== null ? [{ kind: 'stop-timeout' as const, timeoutSeconds }] : []),
    ...signal(run),
    ...health(run),
  );
}

const startFailures: Record<string, CauseKind> = {
  'command-not-found': 'command-not-found',
  'user-not-found': 'user-not-found',
  'working-directory': 'working-directory',
  'port-in-use': 'port-in-use',
};

function failedStart(run: StoredRun): Cause {
  const error: Evidence = { kind: 'error', text: run.error };
  if (run.errorCode === 'command-not-executable') {
    const wrong = run.error.includes('exec format error');
    return cause(wrong ? 'wrong-architecture' : 'command-not-executable', error);
  }
  return cause(startFailures[run.errorCode] ?? 'start-failed', error);
}

const shells = /(?:^|\/)(?:ba|da|a|z|k)?sh$/;

function finished({ run, config }: Ended): Cause {
  const words = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  const isBareShell = words.length === 1 && shells.test(words[0] ?? '');
  const ended: Evidence = { kind: 'ran-for', milliseconds: ranFor(run) };
  if (isBareShell && !config.OpenStdin && ranFor(run) < atOnceMs) return cause('nothing-to-do', ended);
  return cause('finished', exitCode(run), ended);
}

/** What programs of all languages write when these things happen to them. */
const sayings: { kind: CauseKind; said: RegExp }[] = [
  { kind: 'address-in-use', said: /address (?:is )?already in use|EADDRINUSE|errno 98\b/i },
  { kind: 'no-space', said: /no space left on device|ENOSPC|disk quota exceeded/i },
  {
    kind: 'host-not-found',
    said: /name or service not known|no such host|ENOTFOUND|could not resolve host|temporary failure in name resolution|EAI_AGAIN|bad address '/i,
  },
  { kind: 'connection-refused', said: /connection refused|ECONNREFUSED/i },
  { kind: 'permission-denied', said: /permission denied|EACCES|operation not permitted|EPERM/i },
  {
    kind: 'file-not-found',
    said: /no such file or directory|ENOENT|cannot find module|modulenotfounderror|can't open /i,
  },
];

/** The newest line that names its trouble tells more than an earlier one. */
function failed(ended: Ended): Cause {
  const { run, lines } = ended;
  if (run.refusedForks > 0) {
    const refused: Evidence = { kind: 'process-limit', refusedForks: run.refusedForks, limit: run.pidsLimit };
    return cause('process-limit', refused, exitCode(run));
  }
  for (const line of [...lines].reverse()) {
    const found = sayings.find(({ said }) => said.test(line.text));
    if (found) return cause(found.kind, { kind: 'log-line', line }, exitCode(run), ...health(run));
  }
  return cause('error-exit', exitCode(run), ...lastLine(lines), ...health(run));
}

/** The last line that says anything, those of standard error first. */
function lastLine(lines: LogLine[]): Evidence[] {
  const spoken = lines.filter(({ text }) => text.trim() !== '');
  const line = spoken.findLast(({ stream }) => stream === 'stderr') ?? spoken.at(-1);
  return line === undefined ? [] : [{ kind: 'log-line', line }];
}

function saidOf(ended: Ended, kind: CauseKind): Evidence[] {
  if (kind === 'crashed') return lastLine(ended.lines);
  const { memory } = ended.run;
  const peakBytes = memory?.peakBytes;
  // A machine that runs out of memory kills without any group's count telling of it.
  return kind === 'killed-outside' && peakBytes
    ? [{ kind: 'memory', peakBytes, limitBytes: memory.limitBytes }]
    : [];
}

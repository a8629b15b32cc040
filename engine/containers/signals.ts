import { constants } from 'node:os';
import { BerthError } from '../errors.ts';

/** Real-time signals of the C library: 34 is SIGRTMIN, 64 SIGRTMAX. */
const realTimeFirst = 34;
const realTimeLast = 64;

/** The number of a signal as Docker takes it: `9`, `KILL`, `SIGKILL`, `SIGRTMIN+3`. Throws bad-parameter. */
export function parseSignal(text: string): number {
  const name = text.trim().toUpperCase().replace(/^SIG/, '');
  const number = /^\d+$/.test(name) ? Number(name) : byName(name);
  if (number === undefined || number < 1 || number > realTimeLast) {
    throw new BerthError('bad-parameter', `invalid signal: ${text}`, { signal: text });
  }
  return number;
}

function byName(name: string): number | undefined {
  const realTime = /^RT(MIN|MAX)(?:([+-])(\d+))?$/.exec(name);
  if (realTime !== null) {
    const base = realTime[1] === 'MIN' ? realTimeFirst : realTimeLast;
    return base + Number(`${realTime[2] ?? '+'}${realTime[3] ?? '0'}`);
  }
  return constants.signals[`SIG${name}` as NodeJS.Signals];
}

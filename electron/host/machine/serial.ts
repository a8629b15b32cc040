import { readFileSync } from 'node:fs';
import type { Problem } from '../api/machine.ts';

/** What the machine said on its serial line; the lines' form is in docs/machine.md. */
export interface SerialReport {
  /** Stages in the order of their coming, with seconds since the kernel's start. */
  stages: { name: string; seconds: number }[];
  problem?: Problem;
  /** The last lines, for a problem's technical part. */
  tail: string;
}

/** Codes of init's `@problem` lines as the host's own; the others are for the log only. */
const problems: Record<string, Problem['code']> = {
  'system-missing': 'image-damaged',
  'system-damaged': 'image-damaged',
  'data-disk-damaged': 'disk-damaged',
  'data-disk-missing': 'disk-damaged',
  'keys-missing': 'internal',
};

export function readSerial(file: string): SerialReport {
  try {
    return parseSerial(readFileSync(file, 'utf8'));
  } catch {
    return parseSerial('');
  }
}

export function parseSerial(text: string): SerialReport {
  const lines = text.split(/\r?\n/);
  const tail = lines.filter(Boolean).slice(-15).join('\n');
  const stages = lines.flatMap((line) => {
    const [, name, seconds] = /^@stage (\S+) ([\d.]+)/.exec(line) ?? [];
    return name === undefined ? [] : [{ name, seconds: Number(seconds) }];
  });
  return { stages, tail, ...findProblem(lines, tail) };
}

function findProblem(lines: string[], detail: string): { problem?: Problem } {
  const panic = lines.find((line) => line.includes('Kernel panic'));
  // Its reason comes first, and then more lines of addresses than the tail holds.
  if (panic !== undefined) {
    return { problem: { code: 'kernel-panic', params: {}, detail: `${panic}\n${detail}` } };
  }
  for (const line of lines) {
    const [, word, words] = /^@problem (\S+)(.*)/.exec(line) ?? [];
    const code = word === undefined ? undefined : problems[word];
    if (code !== undefined) return { problem: { code, params: {}, detail: `${word}${words}` } };
  }
  return {};
}

/** A line's level. `none` lines (no level of their own) are shown with Info. */
export const levels = ['none', 'debug', 'info', 'warn', 'error'] as const;
export type Level = (typeof levels)[number];

/** Index into `levels`, as kept in the line flags. */
export type LevelCode = 0 | 1 | 2 | 3 | 4;

/** How far into a line a level word is looked for: after a date, a host and a logger's name. */
const searchedBytes = 96;

const words: Record<string, LevelCode> = {
  trace: 1,
  debug: 1,
  dbg: 1,
  info: 2,
  inf: 2,
  notice: 2,
  log: 2,
  warn: 3,
  warning: 3,
  wrn: 3,
  error: 4,
  err: 4,
  fatal: 4,
  critical: 4,
  crit: 4,
  emerg: 4,
  alert: 4,
  panic: 4,
  severe: 4,
  exception: 4,
};
const longestWord = 9;

const isLetter = (byte: number) => (byte | 32) >= 97 && (byte | 32) <= 122;
const isUpper = (byte: number) => byte >= 65 && byte <= 90;

/** True where a lower-case word stands as a value: after `=`, `"`, `[`, `<`, `:`, or before `]`, `:`, `>`. */
function isMarked(before: number, after: number): boolean {
  return (
    before === 61 ||
    before === 34 ||
    before === 91 ||
    before === 60 ||
    after === 93 ||
    after === 58 ||
    after === 62
  );
}

/**
 * The level that a line names near its beginning: an upper-case or capitalised word (`ERROR`, `Warning:`),
 * or a lower-case one in a marked place (`level=error`, `"level":"warn"`, `[error]`, `error:`).
 * klog's `E1121 04:12:08` counts too. 0 when it names none.
 */
export function detectLevel(bytes: Uint8Array, start: number, end: number): LevelCode {
  const stop = Math.min(end, start + searchedBytes);
  let at = start;
  while (at < stop) {
    if (!isLetter(bytes[at]!)) {
      at++;
      continue;
    }
    const from = at;
    while (at < end && isLetter(bytes[at]!)) at++;
    const length = at - from;
    if (length === 1 && from === start && isKlog(bytes, at, end))
      return klogLevels[String.fromCharCode(bytes[from]!)] ?? 0;
    if (length < 3 || length > longestWord) continue;
    let word = '';
    for (let i = from; i < at; i++) word += String.fromCharCode(bytes[i]! | 32);
    const code = words[word];
    if (code === undefined) continue;
    const upper = isUpper(bytes[from]!) && isUpper(bytes[at - 1]!);
    const before = from > start ? bytes[from - 1]! : 32;
    const after = at < end ? bytes[at]! : 32;
    // "GET /error" and "log in" are no levels; `level` as a key is followed by its value.
    if (upper ? before !== 47 && before !== 95 && after !== 95 : isMarked(before, after)) return code;
  }
  return 0;
}

const klogLevels: Record<string, LevelCode> = { D: 1, I: 2, W: 3, E: 4, F: 4 };

function isKlog(bytes: Uint8Array, at: number, end: number): boolean {
  if (at + 5 > end) return false;
  for (let i = at; i < at + 4; i++) if (bytes[i]! < 48 || bytes[i]! > 57) return false;
  return bytes[at + 4] === 32;
}

/** True for a line that goes on from the one before: indented, or a frame of a stack trace. */
export function isContinuation(bytes: Uint8Array, start: number, end: number): boolean {
  if (start >= end) return false;
  const first = bytes[start]!;
  if (first === 32 || first === 9) return true;
  const head = String.fromCharCode(...bytes.subarray(start, Math.min(end, start + 11)));
  return head.startsWith('Caused by: ') || head.startsWith('at ');
}

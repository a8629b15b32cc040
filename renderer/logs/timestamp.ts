/**
 * RFC 3339 with nanoseconds, as `timestamps=1` puts before each line
 * (`2026-11-21T04:12:08.440123456Z `). Read by hand: Date.parse a million times costs over a second.
 */

const digit = (byte: number | undefined) => (byte === undefined ? -1 : byte - 48);

function two(bytes: Uint8Array, at: number): number {
  const a = digit(bytes[at]);
  const b = digit(bytes[at + 1]);
  return a < 0 || a > 9 || b < 0 || b > 9 ? Number.NaN : a * 10 + b;
}

let cachedDay = '';
let cachedDayMs = 0;

export interface Stamp {
  /** Milliseconds since the epoch with fraction (microseconds are exact, nanoseconds are not). */
  timeMs: number;
  /** Offset of the first byte behind the stamp and its space. */
  end: number;
}

/** Reads the stamp at `start`, or null where there is none. */
export function readStamp(bytes: Uint8Array, start: number, end: number): Stamp | null {
  if (end - start < 21 || bytes[start + 4] !== 45 || bytes[start + 10] !== 84 || bytes[start + 13] !== 58)
    return null;
  let day = '';
  for (let i = start; i < start + 10; i++) day += String.fromCharCode(bytes[i]!);
  if (day !== cachedDay) {
    cachedDayMs = Date.parse(`${day}T00:00:00Z`);
    cachedDay = day;
  }
  const hours = two(bytes, start + 11);
  const minutes = two(bytes, start + 14);
  const seconds = two(bytes, start + 17);
  let at = start + 19;
  let fraction = 0;
  if (bytes[at] === 46) {
    let unit = 100;
    for (at++; at < end; at++) {
      const d = digit(bytes[at]);
      if (d < 0 || d > 9) break;
      fraction += d * unit;
      unit /= 10;
    }
  }
  let offsetMinutes = 0;
  if (bytes[at] === 90) at++;
  else if (bytes[at] === 43 || bytes[at] === 45) {
    offsetMinutes = (two(bytes, at + 1) * 60 + two(bytes, at + 4)) * (bytes[at] === 43 ? 1 : -1);
    at += 6;
  } else return null;
  if (bytes[at] !== 32) return null;
  const timeMs = cachedDayMs + ((hours * 60 + minutes - offsetMinutes) * 60 + seconds) * 1000 + fraction;
  return Number.isFinite(timeMs) ? { timeMs, end: at + 1 } : null;
}

import type { TimeFormat } from './log-session.ts';

const two = (value: number) => String(value).padStart(2, '0');
const three = (value: number) => String(value).padStart(3, '0');

/**
 * The time before a line, always of one width: `04:12:08.440` (local or UTC), or seconds since `startMs`.
 * Empty for lines without a time and with times off.
 */
export function formatLineTime(timeMs: number, format: TimeFormat, startMs: number): string {
  if (format === 'off' || !Number.isFinite(timeMs)) return '';
  const ms = Math.floor(timeMs);
  if (format === 'seconds') return `+${((ms - Math.floor(startMs)) / 1000).toFixed(3)}`;
  const date = new Date(ms);
  return format === 'utc'
    ? `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}.${three(date.getUTCMilliseconds())}`
    : `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${three(date.getMilliseconds())}`;
}

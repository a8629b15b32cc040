import i18next from 'i18next';

/** Numbers, sizes and times in the page's language. */

const byteUnits = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

/** Docker counts sizes by 1000, as in "27.6 MB". */
export function formatBytes(bytes: number): string {
  const power = bytes < 1000 ? 0 : Math.min(byteUnits.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  // Intl writes bytes without the space that it puts before larger units.
  if (power === 0) return `${formatNumber(value)} B`;
  return new Intl.NumberFormat(i18next.language, {
    style: 'unit',
    unit: byteUnits[power]!,
    unitDisplay: 'short',
    maximumFractionDigits: value >= 100 ? 0 : value >= 10 ? 1 : 2,
  }).format(value);
}

/** Memory is counted by 1024 but written MB and GB, as every system's monitor does. */
export function formatMemory(bytes: number): string {
  const gibibytes = bytes / 1024 ** 3;
  return new Intl.NumberFormat(i18next.language, {
    style: 'unit',
    unit: gibibytes >= 1 ? 'gigabyte' : 'megabyte',
    maximumFractionDigits: gibibytes >= 1 && gibibytes < 10 ? 1 : 0,
  }).format(gibibytes >= 1 ? gibibytes : bytes / 1024 ** 2);
}

export function formatNumber(value: number): string {
  return new Intl.NumberFormat(i18next.language).format(value);
}

export function formatShare(share: number): string {
  return new Intl.NumberFormat(i18next.language, { style: 'percent', maximumFractionDigits: 0 }).format(
    share,
  );
}

const spans = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;

function spanText(unit: (typeof spans)[number][0], value: number, digits = 0): string {
  const text = new Intl.NumberFormat(i18next.language, {
    maximumFractionDigits: digits,
    minimumFractionDigits: digits,
  }).format(value);
  return i18next.t(`span.${unit}`, { value: text });
}

/** A span by its largest unit: "3 d", "41 s". */
export function formatSpan(durationMs: number): string {
  const seconds = Math.max(0, Math.floor(durationMs / 1000));
  const [unit, size] = spans.find(([, size]) => seconds >= size) ?? spans[3];
  return spanText(unit, Math.floor(seconds / size));
}

/** How long a step took: "0.4 s" below ten seconds, whole seconds up to a minute. */
export function formatStep(durationMs: number): string {
  if (durationMs >= 60_000) return formatSpan(durationMs);
  return spanText('second', durationMs / 1000, durationMs < 10_000 ? 1 : 0);
}

/** Clock time today, date and time before. */
export function formatMoment(atMs: number): string {
  const date = new Date(atMs);
  const today = new Date().toDateString() === date.toDateString();
  return new Intl.DateTimeFormat(i18next.language, {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    ...(today ? {} : { day: 'numeric', month: 'short' }),
  }).format(date);
}

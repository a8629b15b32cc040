/** One measured figure of one contestant. */
export interface Samples {
  p50: number;
  min: number;
  max: number;
  count: number;
}

/** Middle, least and most of the values, in their own unit. */
export function summarize(values: number[]): Samples {
  if (values.length === 0) throw new Error('nothing was measured');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor((sorted.length - 1) / 2);
  return {
    p50: sorted[middle] as number,
    min: sorted[0] as number,
    max: sorted.at(-1) as number,
    count: sorted.length,
  };
}

export interface Row {
  figure: string;
  unit: 'ms' | 'MB' | 's' | 'kB' | 'G' | '% of a core';
  target: string;
  /** Ours first. */
  results: { contestant: string; samples: Samples }[];
}

/** A row as a line of a Markdown table: ours, each peer, and the ratio of the medians. */
export function formatRow(row: Row): string {
  const [ours, ...peers] = row.results;
  if (ours === undefined) throw new Error(`${row.figure}: nothing was measured`);
  const show = ({ p50, min, max, count }: Samples) =>
    count === 1 ? `${figure(p50)} ${row.unit}` : `${figure(p50)} ${row.unit} (${figure(min)}–${figure(max)})`;
  const figures = peers.map(({ contestant, samples }) => `${contestant} ${show(samples)}`).join('; ');
  const ratios = peers
    .map(({ contestant, samples }) => `${(ours.samples.p50 / samples.p50).toPrecision(2)}× ${contestant}`)
    .join('; ');
  return `| ${row.figure} | ${show(ours.samples)} | ${figures || '–'} | ${ratios || '–'} | ${row.target} |`;
}

/** Three digits that count. */
function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

export const tableHead = '| figure | Berth | peers | ratio | target |\n| --- | --- | --- | --- | --- |';

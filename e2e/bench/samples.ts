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
  unit: 'ms' | 'MB';
  target: string;
  results: { contestant: string; samples: Samples }[];
}

/** A row as text: ours, each peer, and the ratio of the medians. */
export function formatRow(row: Row): string {
  const ours = row.results[0];
  if (!ours) return `| ${row.figure} | | | |`;
  const show = (samples: Samples) =>
    `${samples.p50.toFixed(1)} ${row.unit} (${samples.min.toFixed(1)}–${samples.max.toFixed(1)})`;
  const peers = row.results.slice(1);
  const figures = peers.map(({ contestant, samples }) => `${contestant} ${show(samples)}`).join('; ');
  const ratios = peers
    .map(({ contestant, samples }) => `${(ours.samples.p50 / samples.p50).toFixed(3)}× ${contestant}`)
    .join('; ');
  return `| ${row.figure} | ${show(ours.samples)} | ${figures} | ${ratios || '–'} | ${row.target} |`;
}

export const tableHead = '| figure | Berth | peers | ratio | target |\n|---|---|---|---|---|';

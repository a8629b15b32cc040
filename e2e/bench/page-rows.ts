import { pageFigures } from './page.ts';
import { type Row, summarize } from './samples.ts';

/** The page's budgets as rows: they have no peer, their target is the budget. */
export async function pageRows(): Promise<Row[]> {
  return (await pageFigures()).map(({ name, value, unit, budget }) => ({
    figure: name,
    unit: unit === '%' ? '% of a core' : unit,
    target: `≤ ${budget} ${unit}`,
    results: [{ contestant: 'Berth', samples: summarize([value]) }],
  }));
}

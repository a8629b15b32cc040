import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { formatRow, type Row, tableHead } from './samples.ts';

/**
 * Puts one area's table into docs/performance.md, between its markers; what people wrote around them stays. An area
 * that the page does not have yet goes to its end.
 */
export function writePerformance(file: string, found: { area: string; rows: Row[]; about: string }): void {
  const { area, rows, about } = found;
  const begin = `<!-- ${area}: written by npm run bench -->`;
  const end = `<!-- end of ${area} -->`;
  const table = [begin, `Measured ${about}.`, '', tableHead, ...rows.map(formatRow), end].join('\n');
  const page = existsSync(file) ? readFileSync(file, 'utf8') : '# Performance\n';
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  writeFileSync(
    file,
    from >= 0 && to > from
      ? page.slice(0, from) + table + page.slice(to + end.length)
      : `${page.trimEnd()}\n\n## ${area}\n\n${table}\n`,
  );
}

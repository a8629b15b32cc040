/** Docker's label filter: `key` or `key=value`, all of them must hold. */
export function matchesLabels(labels: Record<string, string>, wanted: string[] | undefined): boolean {
  return (wanted ?? []).every((filter) => {
    const at = filter.indexOf('=');
    if (at === -1) return filter in labels;
    return labels[filter.slice(0, at)] === filter.slice(at + 1);
  });
}

export interface Rankable {
  label: string;
  /** Other ways to name it: the other language, pinyin initials, an id. */
  aliases?: readonly string[];
}

/** 0 for no match; a match at the start beats one at a word, which beats one anywhere. */
function score(text: string, query: string): number {
  const at = text.toLowerCase().indexOf(query);
  if (at < 0) return 0;
  if (at === 0) return 3;
  return /[\s/:_.-]/.test(text[at - 1] ?? '') ? 2 : 1;
}

/** What matches the query, best first; every word must match the label or an alias. */
export function rank<Item extends Rankable>(items: readonly Item[], query: string): Item[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return items
    .map((item, order) => {
      const texts = [item.label, ...(item.aliases ?? [])];
      const scores = words.map((word) => Math.max(...texts.map((text) => score(text, word))));
      return { item, order, total: scores.includes(0) ? -1 : scores.reduce((sum, part) => sum + part, 0) };
    })
    .filter(({ total }) => total >= 0)
    .sort((a, b) => b.total - a.total || a.order - b.order)
    .map(({ item }) => item);
}

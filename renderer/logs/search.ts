/** Finding text in bytes without decoding them. */

const fold = (byte: number) => (byte >= 65 && byte <= 90 ? byte | 32 : byte);

/**
 * Horspool's search: skips ahead by the needle's length where the last byte does not occur in it.
 * Case is folded for ASCII letters only, so bytes of other scripts compare exactly.
 */
export class ByteSearch {
  readonly #needle: Uint8Array;
  readonly #skip = new Uint32Array(256);
  readonly #fold = new Uint8Array(256);

  constructor(needle: string, matchCase: boolean) {
    for (let i = 0; i < 256; i++) this.#fold[i] = matchCase ? i : fold(i);
    this.#needle = new TextEncoder().encode(needle).map((byte) => this.#fold[byte]!);
    const last = this.#needle.length - 1;
    this.#skip.fill(this.#needle.length);
    for (let i = 0; i < last; i++)
      for (let byte = 0; byte < 256; byte++)
        if (this.#fold[byte] === this.#needle[i]) this.#skip[byte] = last - i;
  }

  get length(): number {
    return this.#needle.length;
  }

  /** Offset of the first occurrence in [from, to), or -1. */
  find(bytes: Uint8Array, from: number, to: number): number {
    const needle = this.#needle;
    const folded = this.#fold;
    const skip = this.#skip;
    const last = needle.length - 1;
    if (last < 0) return -1;
    for (let at = from; at + last < to; at += skip[bytes[at + last]!]!) {
      let i = last;
      while (i >= 0 && folded[bytes[at + i]!] === needle[i]) i--;
      if (i < 0) return at;
    }
    return -1;
  }
}

export interface TextQuery {
  text: string;
  matchCase: boolean;
  regex: boolean;
}

/** The query as a regular expression for decoded text; null when the expression is not valid. */
export function queryExpression(query: TextQuery): RegExp | null {
  const source = query.regex ? query.text : query.text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  try {
    return new RegExp(source, query.matchCase ? 'gu' : 'giu');
  } catch {
    return null;
  }
}

export interface TextRange {
  start: number;
  end: number;
}

/** Every non-empty match in a decoded text, at most `limit`. */
export function findRanges(text: string, expression: RegExp, limit = 200): TextRange[] {
  const ranges: TextRange[] = [];
  expression.lastIndex = 0;
  for (const match of text.matchAll(expression)) {
    if (match[0] === '') continue;
    ranges.push({ start: match.index, end: match.index + match[0].length });
    if (ranges.length === limit) break;
  }
  return ranges;
}

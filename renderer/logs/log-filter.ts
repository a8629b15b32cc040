import { stripAnsi } from './ansi.ts';
import type { LogBuffer, LogChunk } from './log-buffer.ts';
import { ByteSearch, queryExpression, type TextQuery } from './search.ts';

/** What the reader asked for. `levels` has one bit a level code of level.ts. */
export interface LogQuery extends TextQuery {
  /** Show only lines that match `text`. */
  onlyMatches: boolean;
  levels: number;
  stdout: boolean;
  stderr: boolean;
}

/** Line numbers in order; grows by doubling. */
class LineList {
  #lines = new Uint32Array(1024);
  #start = 0;
  #end = 0;
  get length(): number {
    return this.#end - this.#start;
  }
  at(index: number): number {
    return this.#lines[this.#start + index]!;
  }
  push(line: number): void {
    if (this.#end === this.#lines.length) {
      const grown = new Uint32Array(this.#lines.length * 2);
      grown.set(this.#lines);
      this.#lines = grown;
    }
    this.#lines[this.#end++] = line;
  }
  /** Forgets lines before `line`. */
  dropBefore(line: number): void {
    while (this.#start < this.#end && this.#lines[this.#start]! < line) this.#start++;
  }
  /** Index of the first entry that is not smaller than `line`. */
  indexOf(line: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.at(middle) < line) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Tests whether a line holds the text; regular expressions on decoded text, plain words on bytes. */
class LineMatcher {
  readonly #bytes: ByteSearch | null;
  readonly #expression: RegExp | null;
  readonly #decoder = new TextDecoder();
  #scratch = new Uint8Array(64 * 1024);

  constructor(query: TextQuery) {
    this.#bytes = query.regex ? null : new ByteSearch(query.text, query.matchCase);
    this.#expression = query.regex ? queryExpression(query) : null;
  }

  /** Calls `found` for each line index of the chunk from `first` on that matches, in order. */
  scan(chunk: LogChunk, first: number, found: (index: number) => void): void {
    if (!this.#bytes) {
      for (let i = first; i < chunk.lines; i++) if (this.#expressionMatches(chunk, i)) found(i);
      return;
    }
    let hit = first < chunk.lines ? this.#bytes.find(chunk.bytes, chunk.starts[first]!, chunk.used) : -1;
    for (let i = first; i < chunk.lines; i++) {
      const end = chunk.end(i);
      if (hit >= 0 && hit < chunk.starts[i]!)
        hit = this.#bytes.find(chunk.bytes, chunk.starts[i]!, chunk.used);
      if (chunk.hasEscapes(i)) {
        if (this.#strippedMatches(chunk, i)) found(i);
      } else if (hit >= 0 && hit < end) found(i);
    }
  }

  #strip(chunk: LogChunk, index: number): Uint8Array {
    const start = chunk.starts[index]!;
    const end = chunk.end(index);
    if (!chunk.hasEscapes(index)) return chunk.bytes.subarray(start, end);
    if (this.#scratch.length < end - start) this.#scratch = new Uint8Array((end - start) * 2);
    return this.#scratch.subarray(0, stripAnsi(chunk.bytes, start, end, this.#scratch));
  }

  #strippedMatches(chunk: LogChunk, index: number): boolean {
    const text = this.#strip(chunk, index);
    return this.#bytes!.find(text, 0, text.length) >= 0;
  }

  #expressionMatches(chunk: LogChunk, index: number): boolean {
    if (!this.#expression) return false;
    this.#expression.lastIndex = 0;
    return this.#expression.test(this.#decoder.decode(this.#strip(chunk, index)));
  }
}

const allLevels = 31;

/** The lines a query shows and those it matches, kept up to date as lines come and go. */
export class LogFilter {
  readonly query: LogQuery;
  readonly #buffer: LogBuffer;
  readonly #matcher: LineMatcher | null;
  readonly #filtersLines: boolean;
  readonly #shown = new LineList();
  readonly #matches = new LineList();
  #scannedTo: number;

  constructor(buffer: LogBuffer, query: LogQuery) {
    this.query = query;
    this.#buffer = buffer;
    this.#matcher = query.text === '' ? null : new LineMatcher(query);
    this.#filtersLines =
      (query.onlyMatches && this.#matcher !== null) ||
      query.levels !== allLevels ||
      !query.stdout ||
      !query.stderr;
    this.#scannedTo = buffer.firstLine;
    this.update();
  }

  #passes(chunk: LogChunk, index: number): boolean {
    const { query } = this;
    if (((query.levels >> chunk.level(index)) & 1) === 0) return false;
    return chunk.isStderr(index) ? query.stderr : query.stdout;
  }

  /** Takes in the lines that came since the last call, and forgets those that were dropped. */
  update(): void {
    const { firstLine, nextLine, chunks } = this.#buffer;
    this.#shown.dropBefore(firstLine);
    this.#matches.dropBefore(firstLine);
    if (!this.#filtersLines && !this.#matcher) {
      this.#scannedTo = nextLine;
      return;
    }
    for (const chunk of chunks) {
      const first = Math.max(0, this.#scannedTo - chunk.firstLine);
      if (first >= chunk.lines) continue;
      this.#scan(chunk, first);
    }
    this.#scannedTo = nextLine;
  }

  #scan(chunk: LogChunk, first: number): void {
    const only = this.query.onlyMatches && this.#matcher !== null;
    this.#matcher?.scan(chunk, first, (index) => {
      if (!this.#passes(chunk, index)) return;
      this.#matches.push(chunk.firstLine + index);
      if (only) this.#shown.push(chunk.firstLine + index);
    });
    if (only || !this.#filtersLines) return;
    for (let i = first; i < chunk.lines; i++)
      if (this.#passes(chunk, i)) this.#shown.push(chunk.firstLine + i);
  }

  /** Number of lines that are shown. */
  get total(): number {
    return this.#filtersLines ? this.#shown.length : this.#buffer.lines;
  }

  get matches(): number {
    return this.#matches.length;
  }

  /** Line number at a place of the view. */
  lineAt(index: number): number {
    return this.#filtersLines ? this.#shown.at(index) : this.#buffer.firstLine + index;
  }

  /** Place in the view of a line, or of the next one that is shown. */
  indexOf(line: number): number {
    return this.#filtersLines ? this.#shown.indexOf(line) : Math.max(0, line - this.#buffer.firstLine);
  }

  /** Line number of the nth match. */
  match(index: number): number {
    return this.#matches.at(index);
  }

  /** The first match at or after a line, as an index into the matches. */
  matchFrom(line: number): number {
    return this.#matches.indexOf(line);
  }
}

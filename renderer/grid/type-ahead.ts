/** How long typed letters belong together. */
const joinMs = 700;

/** Finds rows by the letters typed: each call adds one and says which row they lead to. */
export class TypeAhead {
  #typed = '';
  #lastMs = 0;

  /** The row to go to, or -1. Repeating one letter walks the rows that begin with it. */
  find(letter: string, texts: readonly string[], from: number, nowMs: number): number {
    this.#typed = nowMs - this.#lastMs < joinMs ? this.#typed + letter : letter;
    this.#lastMs = nowMs;
    const walks = [...this.#typed].every((typed) => typed === letter);
    const wanted = (walks ? letter : this.#typed).toLowerCase();
    const start = walks ? from + 1 : from;
    for (let step = 0; step < texts.length; step++) {
      const at = (start + step) % texts.length;
      if (texts[at]?.toLowerCase().startsWith(wanted)) return at;
    }
    return -1;
  }
}

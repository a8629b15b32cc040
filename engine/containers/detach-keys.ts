import { BerthError } from '../errors.ts';

/** Docker's default. */
const defaultKeys = 'ctrl-p,ctrl-q';

const control: Record<string, number> = { '@': 0, '[': 27, '\\': 28, ']': 29, '^': 30, _: 31 };

function keyCode(key: string): number {
  if (key.length === 1) return key.charCodeAt(0);
  const found = /^ctrl-(.)$/.exec(key);
  const letter = found?.[1] ?? '';
  if (/^[a-z]$/.test(letter)) return letter.charCodeAt(0) - 96;
  const code = control[letter];
  if (code === undefined) {
    throw new BerthError('bad-parameter', `Invalid detach keys (${key}) provided`, { keys: key });
  }
  return code;
}

/** Watches a terminal's input for the keys that leave a container running; they are kept from it. */
export class DetachKeys {
  readonly #codes: number[];
  #matched = 0;

  /** `keys` as in the docker CLI, `ctrl-p,ctrl-q`; '' is the default. Throws bad-parameter. */
  constructor(keys: string) {
    this.#codes = (keys === '' ? defaultKeys : keys).split(',').map(keyCode);
  }

  /** What is passed on of the input, and whether the keys are complete. */
  feed(bytes: Uint8Array): { pass: Buffer; detached: boolean } {
    const pass: number[] = [];
    for (const byte of bytes) {
      if (byte === this.#codes[this.#matched]) {
        this.#matched += 1;
        if (this.#matched === this.#codes.length) return { pass: Buffer.from(pass), detached: true };
        continue;
      }
      pass.push(...this.#codes.slice(0, this.#matched));
      this.#matched = byte === this.#codes[0] ? 1 : 0;
      if (this.#matched === 0) pass.push(byte);
    }
    return { pass: Buffer.from(pass), detached: false };
  }
}

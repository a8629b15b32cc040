import { existsSync, readFileSync } from 'node:fs';
import { type Settings, settings as schema } from './api/settings.ts';
import { writeFileAtomic } from './atomic-file.ts';
import { HostError } from './http/answer.ts';

/** The settings file, read once; the host is its one writer. Unknown keys are kept. */
export class SettingsStore {
  readonly #file: string;
  #settings: Settings;

  /** Throws when the file is not settings: silently starting over would lose what somebody wrote. */
  constructor(file: string) {
    this.#file = file;
    try {
      this.#settings = schema.parse(existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {});
    } catch (error) {
      const reason = (error as Error).message;
      throw new Error(`${file} does not hold settings: ${reason}\nCorrect or remove it.`, { cause: error });
    }
  }

  read(): Settings {
    return this.#settings;
  }

  /** Merges a partial change, one level deep for `machine` and `engine`; `null` removes an optional value. */
  change(change: unknown): Settings {
    if (typeof change !== 'object' || change === null || Array.isArray(change)) {
      throw new HostError('bad-request', 'settings are an object');
    }
    const merged: Record<string, unknown> = { ...this.#settings };
    for (const [key, value] of Object.entries(change)) {
      merged[key] =
        isPlain(value) && isPlain(merged[key]) ? withoutNulls({ ...merged[key], ...value }) : value;
    }
    const parsed = schema.safeParse(withoutNulls(merged));
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new HostError('bad-request', `${issue?.path.join('.')}: ${issue?.message}`);
    }
    writeFileAtomic(this.#file, `${JSON.stringify(parsed.data, null, 2)}\n`);
    this.#settings = parsed.data;
    return parsed.data;
  }
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withoutNulls(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null));
}

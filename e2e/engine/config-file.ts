import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory with a daemon.json for one engine; gone when disposed. */
export interface ConfigDirectory extends Disposable {
  readonly directory: string;
  /** Path of daemon.json. */
  readonly file: string;
}

export function makeConfig(config: Record<string, unknown>): ConfigDirectory {
  const directory = mkdtempSync(join(tmpdir(), 'berth-config-'));
  const file = join(directory, 'daemon.json');
  writeFileSync(file, JSON.stringify(config));
  return {
    directory,
    file,
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

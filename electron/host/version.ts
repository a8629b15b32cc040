import { readFileSync } from 'node:fs';

/** Set by the bundler; sources read the project's own package.json. */
declare const __BERTH_VERSION__: string | undefined;

/** Version of the host, which is the project's. */
export function hostVersion(): string {
  if (typeof __BERTH_VERSION__ === 'string') return __BERTH_VERSION__;
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

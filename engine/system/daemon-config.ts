import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { isErrno } from '../errors.ts';
import { StartRefused } from '../store/root.ts';

/** The keys of daemon.json that this engine honours, by Docker's names. Any other key stops the start. */
const daemonConfig = z.strictObject({
  'data-root': z.string().optional(),
  'insecure-registries': z.array(z.string()).default([]),
  'registry-mirrors': z.array(z.url({ protocol: /^https?$/ })).default([]),
  proxies: z
    .strictObject({
      'http-proxy': z.string().optional(),
      'https-proxy': z.string().optional(),
      'no-proxy': z.string().optional(),
    })
    .default({}),
  debug: z.boolean().default(false),
  /** Group that may use the socket beside root: a name or a number. */
  group: z.string().optional(),
  'storage-driver': z.enum(['overlay2', 'vfs']).optional(),
  labels: z.array(z.string()).default([]),
  /** CIDR address of the bridge, as in 172.17.0.1/16. */
  bip: z.string().optional(),
  mtu: z.int().positive().optional(),
  dns: z.array(z.string()).default([]),
  'dns-search': z.array(z.string()).default([]),
  'dns-opts': z.array(z.string()).default([]),
  'shutdown-timeout': z.int().nonnegative().optional(),
  'log-driver': z.enum(['json-file', 'local', 'none']).default('local'),
  'log-opts': z.record(z.string(), z.string()).default({}),
});

export type DaemonConfig = z.infer<typeof daemonConfig>;

/** Reads daemon.json; a missing file is an empty one. Throws StartRefused naming the key that is wrong. */
export async function readDaemonConfig(path: string | undefined): Promise<DaemonConfig> {
  let text = '{}';
  if (path !== undefined) {
    try {
      text = await readFile(path, 'utf8');
    } catch (error) {
      if (!isErrno(error) || error.code !== 'ENOENT') throw error;
    }
  }
  return parseDaemonConfig(text, path ?? 'daemon.json');
}

/** Parses the text of daemon.json; `name` is said in errors. */
export function parseDaemonConfig(text: string, name: string): DaemonConfig {
  let value: unknown;
  try {
    value = text.trim() === '' ? {} : JSON.parse(text);
  } catch (error) {
    throw new StartRefused(`${name} is not JSON: ${(error as Error).message}`);
  }
  const parsed = daemonConfig.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  if (issue?.code === 'unrecognized_keys') {
    throw new StartRefused(`${name}: unknown key ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}`);
  }
  throw new StartRefused(`${name}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not understood'}`);
}

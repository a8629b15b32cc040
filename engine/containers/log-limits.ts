import type { HostConfig } from '../api/containers.ts';
import { BerthError } from '../errors.ts';
import type { CreateOptions } from '../runtime/runtime.ts';

/** Docker's defaults of its `local` driver: five files of 20 MB. */
const defaultMaxBytes = 20 * 1024 * 1024;
const defaultMaxFiles = 5;

const units: Record<string, number> = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** How much log a container keeps, from LogConfig's `max-size` and `max-file`. Throws bad-parameter. */
export function logLimits(hostConfig: HostConfig): CreateOptions['log'] {
  const { Type: type = 'local', Config: options } = hostConfig.LogConfig ?? {};
  let maxBytes = defaultMaxBytes;
  let maxFiles = defaultMaxFiles;
  for (const [key, value] of Object.entries(options ?? {})) {
    if (key === 'max-size') maxBytes = parseSize(value);
    else if (key === 'max-file') maxFiles = parseCount(value);
    // Rotated segments stay uncompressed, so `compress=false` asks for nothing.
    else if (!(key === 'compress' && value === 'false')) {
      throw new BerthError('bad-parameter', `unknown log opt '${key}' for ${type} log driver`, {
        option: key,
      });
    }
  }
  return { driver: type === 'none' ? 'none' : 'local', maxBytes, maxFiles };
}

function parseSize(text: string): number {
  const found = /^(\d+)\s*([bkmg]?)b?$/i.exec(text);
  const bytes = found === null ? 0 : Number(found[1]) * (units[(found[2] ?? '').toLowerCase()] ?? 1);
  if (bytes > 0) return bytes;
  throw new BerthError('bad-parameter', `invalid size: '${text}'`, { option: 'max-size' });
}

function parseCount(text: string): number {
  if (/^\d+$/.test(text) && Number(text) > 0) return Number(text);
  throw new BerthError('bad-parameter', `max-file must be a positive number: '${text}'`, {
    option: 'max-file',
  });
}

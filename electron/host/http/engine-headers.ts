import type { IncomingHttpHeaders } from 'node:http';

/** Headers that belong to one connection or to the host itself and are never handed on. */
const ownHeaders = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'origin',
  'referer',
  'cookie',
  'authorization',
]);

/** What passes between page and engine: neither the connection's own headers nor the page's credential. */
export function engineHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || ownHeaders.has(name) || name.startsWith('sec-')) continue;
    kept[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return kept;
}

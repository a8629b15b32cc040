import { createReadStream } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, sep } from 'node:path';
import { HostError } from './answer.ts';

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.webmanifest': 'application/manifest+json',
};

/**
 * Nothing but the page's own files runs or is reached. Styles may be inline because the terminal makes its sheets at
 * run time; scripts may not.
 */
function securityHeaders(port: number): Record<string, string> {
  const sockets = `ws://127.0.0.1:${port} ws://localhost:${port}`;
  return {
    'Content-Security-Policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self' 'unsafe-inline'",
      "img-src 'self' data: blob:",
      "font-src 'self' data:",
      `connect-src 'self' ${sockets}`,
      "worker-src 'self'",
      "manifest-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), microphone=(), geolocation=()',
  };
}

/** Serves the renderer's files. A path without an extension is a route of the page and gets index.html. */
export async function serveStatic(
  request: IncomingMessage,
  response: ServerResponse,
  options: { rendererDir: string; pathname: string; port: number },
): Promise<void> {
  const { pathname, port } = options;
  const root = await realpath(options.rendererDir).catch(() => undefined);
  if (root === undefined) {
    throw new HostError('not-found', 'the page has not been built; run: npm run build');
  }
  const decoded = decodePath(pathname);
  const wanted = extname(decoded) === '' ? join(root, 'index.html') : join(root, decoded);
  // Symbolic links are resolved first: a path may lead nowhere but into the directory.
  const file = await realpath(wanted).catch(() => undefined);
  if (!file?.startsWith(root + sep)) throw notFound(pathname);
  const info = await stat(file);
  if (!info.isFile()) throw notFound(pathname);
  response.writeHead(200, {
    ...securityHeaders(port),
    'Content-Type': types[extname(file)] ?? 'application/octet-stream',
    'Content-Length': info.size,
    // The build names files under /assets/ by their contents.
    'Cache-Control': decoded.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
  });
  if (request.method === 'HEAD') {
    response.end();
    return;
  }
  const stream = createReadStream(file);
  stream.on('error', () => response.destroy());
  response.on('close', () => stream.destroy());
  stream.pipe(response);
}

function decodePath(pathname: string): string {
  try {
    const decoded = decodeURIComponent(pathname);
    if (decoded.includes('\0')) throw notFound(pathname);
    return decoded;
  } catch {
    throw notFound(pathname);
  }
}

function notFound(path: string): HostError {
  return new HostError('not-found', 'there is no such page', { path });
}

import { type Agent, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { HostError } from './answer.ts';
import { engineHeaders } from './engine-headers.ts';

/**
 * Hands one request to the engine and its answer back, bodies streamed in both directions at the reader's pace.
 * Either side's abort ends the other; an answer cut short by a lost machine is cut here too, never ended cleanly.
 */
export function passThrough(
  request: IncomingMessage,
  response: ServerResponse,
  { agent, path }: { agent: Agent; path: string },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { ...engineHeaders(request.headers), host: 'docker' };
    const upstream = httpRequest({ agent, method: request.method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, engineHeaders(answer.headers));
      response.flushHeaders();
      answer.on('error', () => response.destroy());
      answer.on('aborted', () => response.destroy());
      answer.pipe(response);
    });
    upstream.on('error', (error) => {
      if (response.headersSent) response.destroy();
      else reject(new HostError('machine-not-running', `the engine does not answer: ${error.message}`));
      resolve();
    });
    request.on('error', () => upstream.destroy());
    response.on('close', () => {
      if (!response.writableFinished) upstream.destroy();
      resolve();
    });
    request.pipe(upstream);
  });
}

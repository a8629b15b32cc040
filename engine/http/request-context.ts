import type { IncomingMessage, ServerResponse } from 'node:http';
import { bodyStream, parseJson, readBody, readUpgradedBody } from './body.ts';
import type { ApiVersion, Reply, RequestContext } from './context.ts';
import { hijackConnection } from './hijack.ts';
import { Query } from './query.ts';

/** Makes the context of one request. `head` is given for upgraded requests: the bytes after the headers. */
export function requestContext(options: {
  request: IncomingMessage;
  response: ServerResponse;
  head: Buffer | undefined;
  path: string;
  search: URLSearchParams;
  version: ApiVersion;
  params: Record<string, string>;
}): RequestContext {
  const { request, response, head } = options;
  const gone = new AbortController();
  // What came with the head of an upgraded request: a body for `json`, else the first bytes of the stream.
  let early = head;
  const connection = head === undefined ? response : request.socket;
  connection.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  return {
    method: request.method ?? 'GET',
    path: options.path,
    version: options.version,
    params: options.params,
    query: new Query(options.search),
    headers: request.headers,
    get body() {
      return bodyStream(request);
    },
    signal: gone.signal,
    async json(schema) {
      early = undefined;
      const bytes =
        head === undefined
          ? await readBody(bodyStream(request))
          : await readUpgradedBody(request, request.socket, head);
      return parseJson(bytes, request.headers['content-type'], schema);
    },
    reply: httpReply(response),
    hijack(contentType) {
      if (early?.length) request.socket.unshift(early);
      return hijackConnection({ request, response, upgraded: head !== undefined, contentType });
    },
  };
}

function httpReply(response: ServerResponse): Reply {
  return {
    raw: response,
    header: (name, value) => void response.setHeader(name, value),
    json(value, status = 200) {
      const bytes = Buffer.from(`${JSON.stringify(value)}\n`);
      response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': bytes.length });
      response.end(bytes);
    },
    text(text, status = 200) {
      const bytes = Buffer.from(text);
      response.writeHead(status, {
        'Content-Type': 'text/plain; charset=utf-8',
        'Content-Length': bytes.length,
      });
      response.end(bytes);
    },
    empty(status = 204) {
      response.writeHead(status);
      response.end();
    },
    stream({ contentType, status = 200 }) {
      response.writeHead(status, { 'Content-Type': contentType });
      response.flushHeaders();
      return response;
    },
  };
}

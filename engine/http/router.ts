import type { RequestContext } from './context.ts';

/** Names of the parameters in a pattern: `:id` is one path segment, `*name` may contain slashes. */
type ParameterNames<Pattern extends string> = Pattern extends `${infer Head}/${infer Tail}`
  ? ParameterNames<Head> | ParameterNames<Tail>
  : Pattern extends `:${infer Name}`
    ? Name
    : Pattern extends `*${infer Name}`
      ? Name
      : never;

export type Parameters<Pattern extends string> = Record<ParameterNames<Pattern>, string>;

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';

/** Answers one request through `context.reply`; what it throws becomes Docker's error form. */
export type Handler<Names extends Record<string, string> = Record<string, string>> = (
  context: RequestContext<Names>,
) => Promise<void> | void;

export interface Route {
  method: Method;
  pattern: string;
  handler: Handler;
}

/** One row of the route table, with its parameters typed by the pattern. */
export function route<Pattern extends string>(
  method: Method,
  pattern: Pattern,
  handler: Handler<Parameters<Pattern>>,
): Route {
  return { method, pattern, handler: handler as Handler };
}

interface CompiledRoute extends Route {
  expression: RegExp;
  names: string[];
}

export interface Match {
  handler: Handler;
  params: Record<string, string>;
}

/**
 * Looks up a method and a path without its version prefix. Rows are tried in the order of the table; an image name
 * (`*name`) is as short as the rest of its pattern allows, so `/images/a/b/json` finds `/images/*name/json`.
 */
export class Router {
  readonly #routes: CompiledRoute[];
  constructor(routes: Route[]) {
    this.#routes = routes.map(compile);
  }

  find(method: string, path: string): Match | undefined {
    // Docker answers HEAD only where it says so; a table row for GET does not serve it.
    for (const row of this.#routes) {
      if (row.method !== method) continue;
      const found = row.expression.exec(path);
      if (found === null) continue;
      const params: Record<string, string> = {};
      for (const [index, name] of row.names.entries()) params[name] = decode(found[index + 1] ?? '');
      return { handler: row.handler, params };
    }
    return undefined;
  }
}

function compile(row: Route): CompiledRoute {
  const names: string[] = [];
  const source = row.pattern
    .split('/')
    .map((segment) => {
      if (segment.startsWith(':')) {
        names.push(segment.slice(1));
        return '([^/]+)';
      }
      if (segment.startsWith('*')) {
        names.push(segment.slice(1));
        return '(.+?)';
      }
      return segment.replace(/[.+^$()[\]{}|\\]/g, '\\$&');
    })
    .join('/');
  return { ...row, names, expression: new RegExp(`^${source}$`) };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Splits `/v1.43/containers/json` into its version and the path without it. */
export function splitVersion(path: string): { version: string | undefined; path: string } {
  const found = /^\/v(\d+\.\d+)(\/.*)$/.exec(path);
  return found === null ? { version: undefined, path } : { version: found[1], path: found[2] ?? '/' };
}

import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ProgressLine } from '../api/json-stream.ts';
import { asBerthError } from '../errors.ts';
import type { RequestContext } from '../http/context.ts';
import { type Route, route } from '../http/router.ts';
import type { ImageUsers } from '../images/images.ts';
import type { Engine } from '../system/engine.ts';
import { registryAuth } from './registry-auth.ts';
import { inVersion } from './version-edits.ts';

/** `/images/…`. What lies inside layers stands in layers.ts. */
export function imageRoutes(engine: Engine): Route[] {
  const users = engine.containers.parts.registry.imageUsers;
  return [...arrivalRoutes(engine), ...readRoutes(engine, users), ...changeRoutes(engine, users)];
}

function arrivalRoutes({ images }: Engine): Route[] {
  return [
    route('POST', '/images/create', async (context) => {
      const { query, signal } = context;
      const platform = query.text('platform');
      const asked = platform === '' ? {} : { platform };
      await answerProgress(context, async (progress) => {
        if (query.text('fromImage') !== '') {
          const auth = registryAuth(context);
          const reference = { name: query.text('fromImage'), tag: query.text('tag') };
          return await images.pull({ ...reference, ...asked, ...auth, signal, progress });
        }
        const id = await images.import({
          source: query.text('fromSrc'),
          archive: context.body,
          repository: query.text('repo'),
          tag: query.text('tag'),
          message: query.text('message'),
          changes: query.all('changes'),
          ...asked,
          signal,
          progress,
        });
        progress({ status: id });
      });
    }),
    route('POST', '/images/load', async (context) => {
      const { query, body: archive, signal } = context;
      const quiet = query.flag('quiet');
      await answerProgress(context, (progress) => images.load({ archive, quiet, signal, progress }));
    }),
  ];
}

function readRoutes({ images }: Engine, users: ImageUsers): Route[] {
  return [
    route('GET', '/images/json', async ({ query, reply, version }) => {
      const filters = query.filters();
      const sharedSize = query.flag('shared-size');
      const list = await images.list({ all: query.flag('all'), sharedSize, filters, users });
      reply.json(list.map((row) => inVersion('image-row', row, version)));
    }),
    route('GET', '/berth/images/preview', async (context) => {
      const { query, signal, reply } = context;
      const platform = query.text('platform');
      const asked = platform === '' ? {} : { platform };
      const reference = { name: query.text('name'), tag: query.text('tag') };
      reply.json(await images.preview({ ...reference, ...asked, ...registryAuth(context), signal }));
    }),
    route('GET', '/images/get', (context) => save(context, images.save(context.query.all('names')))),
    route('GET', '/images/*name/get', (context) => save(context, images.save([context.params.name]))),
    route('GET', '/images/*name/json', async ({ params, reply, version }) => {
      reply.json(inVersion('image', await images.inspect(params.name), version));
    }),
    route('GET', '/images/*name/history', async ({ params, reply }) => {
      reply.json(await images.history(params.name));
    }),
  ];
}

function changeRoutes({ images }: Engine, users: ImageUsers): Route[] {
  return [
    route('POST', '/images/prune', async ({ query, reply }) => {
      const filters = query.filters();
      const { deleted, spaceReclaimed } = await images.prune({ dangling: true, filters, users });
      reply.json({
        ImagesDeleted: deleted.length > 0 ? deleted : null,
        SpaceReclaimed: spaceReclaimed,
      });
    }),
    route('POST', '/images/*name/tag', async ({ params, query, reply }) => {
      await images.tag(params.name, query.text('repo'), query.text('tag'));
      reply.empty(201);
    }),
    route('POST', '/images/*name/push', async (context) => {
      const { params, query, signal } = context;
      const reference = { name: params.name, tag: query.text('tag') };
      const auth = registryAuth(context);
      await answerProgress(context, (progress) => images.push({ ...reference, ...auth, signal, progress }));
    }),
    route('DELETE', '/images/*name', async ({ params, query, reply }) => {
      const rules = { force: query.flag('force'), noPrune: query.flag('noprune') };
      reply.json(await images.remove(params.name, { ...rules, users }));
    }),
  ];
}

/**
 * Answers with a stream of progress lines. What fails before the first line has a status of its own; afterwards the
 * 200 is out and the failure is the stream's last line, in Docker's form with our code beside it.
 */
async function answerProgress(
  { reply, signal }: RequestContext,
  work: (progress: (line: ProgressLine) => void) => Promise<void>,
): Promise<void> {
  let target: Writable | undefined;
  const progress = (line: ProgressLine) => {
    target ??= reply.stream({ contentType: 'application/json' });
    target.write(`${JSON.stringify(line)}\r\n`);
  };
  try {
    await work(progress);
    target ??= reply.stream({ contentType: 'application/json' });
  } catch (thrown) {
    if (target === undefined) throw thrown;
    const { message, code, params } = asBerthError(thrown);
    if (!signal.aborted) {
      progress({ errorDetail: { message }, error: message, berth: { code, params } });
    }
  }
  target.end();
}

async function save({ reply }: RequestContext, archive: AsyncIterable<Buffer>): Promise<void> {
  const target = reply.stream({ contentType: 'application/x-tar' });
  try {
    await pipeline(archive, target);
  } catch (error) {
    // The 200 is out: only a broken connection can say that the archive is not whole.
    target.destroy(error as Error);
  }
}

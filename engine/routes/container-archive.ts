import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { containerConfig } from '../api/containers.ts';
import {
  exportContainer,
  type PathStat,
  readArchive,
  statPath,
  writeArchive,
} from '../containers/archive.ts';
import { commitContainer } from '../containers/commit.ts';
import type { Containers } from '../containers/containers.ts';
import type { Reply, RequestContext } from '../http/context.ts';
import { type Route, route } from '../http/router.ts';

/** docker cp, export and commit. */
export function containerArchiveRoutes(containers: Containers): Route[] {
  const { parts } = containers;
  const request = ({ params, query, signal }: RequestContext<{ id: string }>) => ({
    reference: params.id,
    path: query.text('path'),
    signal,
  });
  return [
    route('HEAD', '/containers/:id/archive', async (context) => {
      const stat = await statPath(parts, containers.get(context.params.id), request(context));
      pathHeader(context.reply, stat);
      context.reply.empty(200);
    }),
    route('GET', '/containers/:id/archive', async (context) => {
      await readArchive(parts, containers.get(context.params.id), {
        ...request(context),
        answer: async (stat, archive) => {
          pathHeader(context.reply, stat);
          await answerTar(context.reply, archive);
        },
      });
    }),
    route('PUT', '/containers/:id/archive', async (context) => {
      const { query, body, reply } = context;
      await writeArchive(parts, containers.get(context.params.id), {
        ...request(context),
        archive: body,
        keepKinds: query.flag('noOverwriteDirNonDir'),
        ownedByUser: query.flag('copyUIDGID'),
      });
      reply.empty(200);
    }),
    route('GET', '/containers/:id/export', async ({ params, reply, signal }) => {
      const answer = (archive: Readable) => answerTar(reply, archive);
      await exportContainer(parts, containers.get(params.id), { signal, answer });
    }),
    route('POST', '/commit', async ({ query, reply, json, signal }) => {
      const config = await json(containerConfig);
      const id = await commitContainer(parts, containers.get(query.text('container')), {
        repository: query.text('repo'),
        tag: query.text('tag'),
        author: query.text('author'),
        comment: query.text('comment'),
        // One parameter a line, or all lines in one.
        changes: query
          .all('changes')
          .flatMap((lines) => lines.split('\n').filter((line) => line.trim() !== '')),
        pause: query.flag('pause', true),
        config,
        signal,
      });
      reply.json({ Id: id }, 201);
    }),
  ];
}

function pathHeader(reply: Reply, stat: PathStat): void {
  reply.header('X-Docker-Container-Path-Stat', Buffer.from(JSON.stringify(stat)).toString('base64'));
}

/** Answers with a tar as it is made. */
export async function answerTar(reply: Reply, archive: Readable): Promise<void> {
  const target = reply.stream({ contentType: 'application/x-tar' });
  try {
    await pipeline(archive, target);
  } catch (error) {
    // The 200 is out: only a broken connection can say that the archive is not whole.
    target.destroy(error as Error);
  }
}

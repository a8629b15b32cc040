import { chmod, chown, readFile, rename, rm } from 'node:fs/promises';
import type { Server } from 'node:http';

/** Bytes of a unix socket's path, with its terminating zero (unix(7)). */
const maxSocketPathBytes = 108;

/**
 * Listens on a unix socket, mode 0660, that is reachable only once its owner and mode are right: it is made under
 * another name and renamed. A socket that a dead engine left is replaced: the caller holds the instance's lock.
 */
export async function listenOnSocket(
  server: Server,
  options: { path: string; group: string | undefined },
): Promise<void> {
  const { path, group } = options;
  const temporary = `${path}.new`;
  if (Buffer.byteLength(temporary) >= maxSocketPathBytes) {
    throw new Error(`the socket's path is too long for the system: ${path}`);
  }
  const groupId = group === undefined ? 0 : await findGroup(group);
  await rm(temporary, { force: true });
  // The socket comes into being with no permission for anybody but root.
  const umask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(temporary, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } finally {
    process.umask(umask);
  }
  await chown(temporary, 0, groupId);
  await chmod(temporary, 0o660);
  await rename(temporary, path);
}

/** The id of a group by name or number. */
async function findGroup(group: string): Promise<number> {
  if (/^\d+$/.test(group)) return Number(group);
  for (const line of (await readFile('/etc/group', 'utf8')).split('\n')) {
    const [name, , id] = line.split(':');
    if (name === group && id !== undefined) return Number(id);
  }
  throw new Error(`there is no group "${group}" on this machine`);
}

import { randomUUID } from 'node:crypto';
import { readdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { isErrno } from '../errors.ts';
import type { EngineFiles } from './files.ts';
import { makeDirectory, readJson, writeJson, writeText } from './json-file.ts';

/** Version of the layout that `engineFiles` names. */
const formatVersion = 1;

/** A reason not to start, said to the person who starts the engine. */
export class StartRefused extends Error {}

/**
 * Makes or checks the data root and the run directory, and empties tmp. Gives the engine's identity for /info.
 * Throws StartRefused for a root of a newer format.
 */
export async function openRoot(files: EngineFiles): Promise<{ id: string }> {
  makeDirectory(files.root, 0o711);
  await checkFormat(files);
  for (const path of [files.tmp, files.trash, files.containers, files.volumes, files.networks]) {
    makeDirectory(path, 0o711);
  }
  await emptyInto(files.tmp, files.trash);
  return await identity(files);
}

async function checkFormat(files: EngineFiles): Promise<void> {
  let text: string;
  try {
    text = await readFile(files.format, 'utf8');
  } catch (error) {
    if (!isErrno(error) || error.code !== 'ENOENT') throw error;
    await writeText(files.format, `${formatVersion}\n`, { durable: true, mode: 0o644 });
    return;
  }
  const version = Number(text.trim());
  if (version === formatVersion) return;
  throw new StartRefused(
    `${files.root} has format ${text.trim()}; this engine knows format ${formatVersion}. ` +
      'A newer Berth has used it: install that one again, or give another data-root.',
  );
}

/**
 * What was half made when an engine ended belongs to nobody. It may be a hostile tree, deeper than any path: the layer
 * store deletes what lies in trash, behind and by a confined program.
 */
async function emptyInto(from: string, trash: string): Promise<void> {
  for (const name of await readdir(from)) {
    await rename(join(from, name), join(trash, `${name}.${randomUUID()}`));
  }
}

async function identity(files: EngineFiles): Promise<{ id: string }> {
  const stored = (await readJson(files.identity)) as { id?: string } | undefined;
  if (typeof stored?.id === 'string') return { id: stored.id };
  const made = { id: randomUUID() };
  await writeJson(files.identity, made, { durable: true });
  return made;
}

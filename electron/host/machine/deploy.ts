import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { type HostFiles, machineFiles } from '../files.ts';
import { type DeployOptions, type DeployReport, MachineProblem } from './driver.ts';
import type { Link } from './link.ts';

const manifestSchema = z.object({
  version: z.string(),
  /** Names the directory in the machine. */
  hash: z.string().regex(/^[0-9a-f]{8,64}$/),
  files: z.record(z.string().regex(/^[\w.-]+$/), z.string().regex(/^[0-9a-f]{64}$/)),
});
type BundleManifest = z.infer<typeof manifestSchema>;

const { bundles, currentBundle, daemonJson: daemonFile, engineSocket, engineSupervisor } = machineFiles;

/**
 * Makes the machine's engine the one of this host's bundle: compares hashes, pushes what differs under another name,
 * checks it there, renames it, flips `current`, and has init start it anew. An equal machine costs one command.
 */
export async function deploy(
  link: Link,
  bundle: HostFiles['bundle'],
  { signal, daemonJson }: DeployOptions,
): Promise<DeployReport> {
  const manifest = readManifest(bundle);
  const { hash } = manifest;
  const found = await command(
    link,
    `readlink ${currentBundle}; echo; cat ${daemonFile} 2>/dev/null || true`,
    signal,
  );
  const [current = '', ...rest] = found.split('\n');
  // The line after the link is empty where there is no link too, so the settings always begin at the same place.
  const settings = current === '' ? rest.join('\n') : rest.slice(1).join('\n');
  const report: DeployReport = { bundle: hash, pushedBytes: 0, restarted: false };
  if (settings !== daemonJson) {
    await push(link, Buffer.from(daemonJson), daemonFile, signal);
    report.restarted = true;
  }
  if (current !== hash) {
    report.pushedBytes = await pushBundle(link, bundle.dir, manifest, signal);
    report.restarted = true;
  }
  if (report.restarted) await restartSupervised(link, signal);
  return report;
}

/**
 * Has init end the engine and start the current one, and waits until the earlier one's socket has gone: whoever asks
 * next is answered by the new one.
 */
export async function restartSupervised(link: Link, signal?: AbortSignal): Promise<void> {
  const identity = `ls -i ${engineSocket} 2>/dev/null`;
  await command(
    link,
    `before=$(${identity}); kill -HUP $(cat ${engineSupervisor}) || exit 1
     tries=0; while [ -n "$before" ] && [ "$before" = "$(${identity})" ] && [ $tries -lt 300 ]
     do tries=$((tries + 1)); sleep 0.05; done`,
    signal,
  );
}

function readManifest(bundle: HostFiles['bundle']): BundleManifest {
  if (!existsSync(bundle.manifest)) {
    throw new MachineProblem({
      code: 'deploy-failed',
      params: { file: bundle.manifest },
      detail: 'the engine has not been bundled',
    });
  }
  return manifestSchema.parse(JSON.parse(readFileSync(bundle.manifest, 'utf8')));
}

async function pushBundle(
  link: Link,
  dir: string,
  manifest: BundleManifest,
  signal: AbortSignal,
): Promise<number> {
  const { hash, files } = manifest;
  const unfinished = `${bundles}/.${hash}.new`;
  let pushedBytes = 0;
  await command(link, `rm -rf ${unfinished} && mkdir -p ${unfinished}`, signal);
  for (const name of Object.keys(files)) {
    const file = join(dir, name);
    pushedBytes += statSync(file).size;
    await push(link, createReadStream(file), `${unfinished}/${name}`, signal);
  }
  await push(link, createReadStream(join(dir, 'manifest.json')), `${unfinished}/manifest.json`, signal);
  const sums = Object.entries(files)
    .map(([name, sum]) => `${sum}  ${name}\n`)
    .join('');
  await command(link, `cd ${unfinished} && sha256sum -c - >&2 && chmod 755 *`, signal, Buffer.from(sums));
  // On disk before it is current: after a power cut the engine is the old one or the new one.
  await command(
    link,
    `rm -rf ${bundles}/${hash} && mv ${unfinished} ${bundles}/${hash} && sync &&
     ln -sfn ${hash} ${currentBundle}.new && mv -T ${currentBundle}.new ${currentBundle} && sync`,
    signal,
  );
  await removeOldBundles(link, hash, signal);
  return pushedBytes;
}

/** An older bundle stays while a monitor of a container runs from it. */
async function removeOldBundles(link: Link, hash: string, signal: AbortSignal): Promise<void> {
  await command(
    link,
    `cd ${bundles} && for bundle in * .*.new; do
       case $bundle in current|${hash}|'*'|'.*.new') continue;; esac
       ls -l /proc/[0-9]*/exe 2>/dev/null | grep -q "/$bundle/" || rm -rf "$bundle"
     done`,
    signal,
  );
}

async function push(
  link: Link,
  input: NonNullable<Parameters<Link['exec']>[1]>['input'],
  file: string,
  signal: AbortSignal,
): Promise<void> {
  await command(link, `cat > ${file}.part && mv ${file}.part ${file}`, signal, input);
}

/** Runs a command that has to succeed; answers its output. */
async function command(
  link: Link,
  line: string,
  signal?: AbortSignal,
  input?: NonNullable<Parameters<Link['exec']>[1]>['input'],
): Promise<string> {
  const result = await link
    .exec(line, { ...(input === undefined ? {} : { input }), ...(signal ? { signal } : {}) })
    .catch((error: unknown) => {
      if (signal?.aborted) throw error;
      throw failed((error as Error).message);
    });
  if (result.code !== 0) throw failed(`status ${result.code}: ${result.stderr.toString('utf8').trim()}`);
  return result.stdout.toString('utf8');
}

function failed(detail: string): MachineProblem {
  return new MachineProblem({ code: 'deploy-failed', params: {}, detail });
}

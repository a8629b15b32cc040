import { mkdir } from 'node:fs/promises';
import type { Server } from 'node:http';
import { release } from 'node:os';
import { dirname } from 'node:path';
import { listenOnSocket } from './http/listen.ts';
import { httpServer } from './http/server.ts';
import { openEngine } from './open-engine.ts';
import { engineRoutes } from './routes/index.ts';
import { lockInstance } from './runtime/instance-lock.ts';
import { engineFiles } from './store/files.ts';
import { StartRefused } from './store/root.ts';
import { parseCommandLine } from './system/command-line.ts';
import { readDaemonConfig } from './system/daemon-config.ts';
import type { Engine } from './system/engine.ts';
import { checkKernel } from './system/minimum-kernel.ts';
import { engineVersion } from './version.ts';

/**
 * The engine: `node engine/main.ts --instance NAME --root DIR --run DIR --config daemon.json --bind-source
 * machine|desktop`. Ends on SIGTERM and SIGINT; containers go on and are found again by the next engine.
 */
async function main(): Promise<void> {
  const options = parseCommandLine(process.argv.slice(2));
  if (process.getuid?.() !== 0)
    throw new StartRefused('the engine needs root: it makes namespaces and mounts');
  checkKernel(release());
  const config = await readDaemonConfig(options.config);
  const files = engineFiles({
    root: options.root ?? config['data-root'] ?? `/var/lib/berth/${options.instance}`,
    run: options.run,
  });
  // The group may pass to the socket; what else lies here is root's.
  await mkdir(files.run, { recursive: true, mode: 0o711 });
  if (!lockInstance(files.lock)) {
    throw new StartRefused(
      `another engine already serves the instance "${options.instance}" (${files.lock} is locked)`,
    );
  }
  const { instance, bindSource } = options;
  const configDirectory = options.config === undefined ? undefined : dirname(options.config);
  const engine = await openEngine({ instance, bindSource, files, config, configDirectory, log });
  const server = httpServer({ routes: engineRoutes(engine), log });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(engine, server));
  await listenOnSocket(server, { path: files.socket, group: config.group });
  console.log(`berth engine ${engineVersion} listens on ${files.socket}`);
}

/** A clean end: no more requests, no more restarts; containers go on under their shims. */
async function stop(engine: Engine, server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  engine.containers.close();
  await engine.networks.close();
  await engine.layers.close();
  process.exit(0);
}

function log(text: string, error?: unknown): void {
  const cause = error instanceof Error && error.stack !== undefined ? `\n${error.stack}` : '';
  console.error(`${new Date().toISOString()} ${text}${cause}`);
}

main().catch((error: unknown) => {
  if (error instanceof StartRefused) console.error(`berth engine: ${error.message}`);
  else log('berth engine: could not start', error);
  process.exit(1);
});

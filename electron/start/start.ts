import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { electronProgram } from '../cli/window.ts';
import { buildAll } from './build.ts';
import { projectDir } from './node24.mjs';
import { buildNeeds, installMissing, localNeeds, machineNeeds } from './system-packages.ts';

/**
 * npm start: installs what is missing, builds what changed, opens the app; the machine boots behind the window.
 * Options go on to `berth open`: --machine local|qemu, --no-window, --data-dir and so on. On an unchanged tree this
 * runs no compiler, package manager or packer.
 */
const words = process.argv.slice(2);
const local = words.join(' ').match(/--machine[= ]local/) !== null;
try {
  process.chdir(projectDir);
  installMissing([...buildNeeds, ...(local ? localNeeds : machineNeeds)]);
  await buildAll([
    ...['native', 'bundle', 'renderer'],
    ...(electronProgram() === undefined ? [] : ['shell']),
    ...(local ? [] : ['machine']),
  ]);
} catch (error) {
  console.error(`\n${(error as Error).message}`);
  process.exit(1);
}
const cli = join(projectDir, 'electron', 'cli', 'main.ts');
const result = spawnSync(process.execPath, [cli, 'open', ...words], { stdio: 'inherit' });
process.exit(result.status ?? 1);

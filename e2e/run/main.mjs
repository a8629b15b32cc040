// The entry of npm test, bench, proof, typecheck and lint; plain JavaScript for Node 18, goes on in Node 24.
import { join } from 'node:path';
import { continueInNode24, projectDir } from '../../electron/start/node24.mjs';

continueInNode24(join(projectDir, 'e2e', 'run', 'run.ts'), process.argv.slice(2));

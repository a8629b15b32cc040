// The entry of npm run build; plain JavaScript for Node 18, goes on in Node 24.
import { join } from 'node:path';
import { continueInNode24, projectDir } from './node24.mjs';

continueInNode24(join(projectDir, 'electron', 'start', 'build.ts'), process.argv.slice(2));

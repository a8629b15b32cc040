import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';

/** Writes docs/proof/<name>.md: what was proved, on which day and commit, and the lines that show it. */
export function writeProof(name: string, proof: { title: string; lines: string[] }): void {
  const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).stdout.trim();
  const date = new Date().toISOString().slice(0, 10);
  mkdirSync('docs/proof', { recursive: true });
  const page = [
    `# ${proof.title}`,
    '',
    `Date ${date}, commit ${commit}. Made by \`npm run proof -- ${name}\`.`,
    '',
  ];
  writeFileSync(`docs/proof/${name}.md`, `${[...page, ...proof.lines].join('\n')}\n`);
}

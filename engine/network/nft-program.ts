import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/**
 * Runs `nft` once with this text as its input, in the network namespace of a process where one is named. For whole
 * tables: single ports go over netlink.
 */
export async function runNft(
  args: string[],
  input = '',
  { networkOf }: { networkOf?: number } = {},
): Promise<string> {
  const inside = networkOf === undefined ? [] : ['nsenter', `--net=/proc/${networkOf}/ns/net`];
  const [program = '', ...words] = [...inside, 'nft', ...args];
  const child = spawn(program, words, { stdio: 'pipe', env: { PATH: '/usr/sbin:/sbin:/usr/bin:/bin' } });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  // A program that could not start, or refused early, closes its input: `ended` and its words tell why.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [code, output, errors] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  if (code !== 0) throw new Error(`nft failed: ${errors.trim() || `exit code ${code}`}`);
  return output;
}

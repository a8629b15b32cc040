import type { LogPart } from './driver.ts';
import type { Link } from './link.ts';

/** One answer's size; the reader asks again with a larger offset. */
const partBytes = 1024 * 1024;

/** Part of a growing file in the machine from an offset on; a missing file is an empty one. */
export async function readRemoteLog(link: Link, file: string, offset: number): Promise<LogPart> {
  const from = Math.min(offset, 2 ** 52) + 1;
  const { stdout } = await link.exec(
    `[ -f ${file} ] || { echo 0; exit; }; wc -c < ${file}; tail -c +${from} ${file} | head -c ${partBytes}`,
  );
  const line = stdout.indexOf(10);
  return { sizeBytes: Number(stdout.subarray(0, line).toString()), bytes: stdout.subarray(line + 1) };
}

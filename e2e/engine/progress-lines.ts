import type { ProgressLine } from '../../engine/api/json-stream.ts';
import type { TestEngine } from './engine.ts';

/** The lines of a call that answers with progress, in their order. Throws where it answers with an error status. */
export async function progressLines(engine: TestEngine, path: string): Promise<ProgressLine[]> {
  const answer = await engine.api('POST', path);
  if (answer.status !== 200) throw new Error(`POST ${path} answered ${answer.status}: ${answer.text}`);
  return answer.text
    .split('\r\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as ProgressLine);
}

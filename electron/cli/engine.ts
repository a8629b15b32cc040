import type { CommandContext } from './commands.ts';
import { connectHost } from './host-process.ts';

/** `berth engine verify`: exit code 0 when all that is stored is as it came. */
export async function engine(context: CommandContext): Promise<number> {
  const [, word] = context.positionals;
  if (word !== 'verify') throw new Error('There is one thing to ask of the engine: verify.');
  const client = connectHost(context.files);
  let layers = 0;
  let changed = 0;
  for await (const { diffId, ok, message } of client.engine.verifyLayers()) {
    layers++;
    if (ok) continue;
    changed++;
    console.error(`✗ ${diffId} ${message ?? ''}`);
  }
  console.log(
    changed === 0
      ? `✓ Nothing has changed on disk: ${layers} layers give back what came.`
      : `${changed} of ${layers} layers have changed on disk. Remove their images and pull them again.`,
  );
  return changed === 0 ? 0 : 1;
}

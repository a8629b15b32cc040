import { parseArgs } from 'node:util';
import { hostFiles } from '../host/files.ts';
import { argumentsOf, hostOptions, optionTable } from '../host/options.ts';
import { type CommandContext, commands, usage } from './commands.ts';

/** Exit codes: 0 done, 1 it failed (said on stderr), 2 wrong words. */
async function main(words: string[]): Promise<number> {
  let context: CommandContext;
  try {
    const { values, positionals } = parseArgs({
      args: words,
      options: {
        ...optionTable,
        'no-window': { type: 'boolean' },
        'no-wait': { type: 'boolean' },
        follow: { type: 'boolean', short: 'f' },
        host: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
      allowPositionals: true,
    });
    const { 'no-window': noWindow, 'no-wait': noWait, follow, host, help, ...hostValues } = values;
    const hostArguments = argumentsOf(hostValues);
    const options = hostOptions(hostValues);
    context = {
      positionals,
      hostArguments,
      files: hostFiles(options, options.instance),
      window: !noWindow,
      wait: !noWait,
      follow: follow ?? false,
      host: host ?? false,
    };
    if (help || positionals.length === 0) {
      console.log(usage);
      return help ? 0 : 2;
    }
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    return 2;
  }
  const command = commands[context.positionals[0] ?? ''];
  if (!command) {
    console.error(`There is no command ${context.positionals[0]}.\n\n${usage}`);
    return 2;
  }
  try {
    return await command(context);
  } catch (error) {
    console.error((error as Error).message);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));

import { parseArgs } from 'node:util';
import { StartRefused } from '../store/root.ts';

/** What the engine is started with. */
export interface CommandLine {
  instance: string;
  /** Undefined: daemon.json's data-root, else /var/lib/berth/<instance>. */
  root: string | undefined;
  run: string;
  /** Path of daemon.json. */
  config: string | undefined;
  bindSource: 'machine' | 'desktop';
}

/** Instances name bridges, cgroups and tables. */
const instanceName = /^[a-z0-9][a-z0-9-]{0,30}$/;

/** Reads the engine's command line; throws StartRefused with what is wrong. */
export function parseCommandLine(args: string[]): CommandLine {
  const values = parse(args);
  const instance = values.instance ?? 'default';
  if (!instanceName.test(instance)) {
    throw new StartRefused('--instance takes up to 31 small letters, digits and hyphens');
  }
  const bindSource = values['bind-source'] ?? 'machine';
  if (bindSource !== 'machine' && bindSource !== 'desktop') {
    throw new StartRefused('--bind-source takes machine or desktop');
  }
  return {
    instance,
    root: values.root,
    run: values.run ?? `/run/berth/${instance}`,
    config: values.config,
    bindSource,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        instance: { type: 'string' },
        root: { type: 'string' },
        run: { type: 'string' },
        config: { type: 'string' },
        'bind-source': { type: 'string' },
      },
    }).values;
  } catch (error) {
    throw new StartRefused((error as Error).message);
  }
}

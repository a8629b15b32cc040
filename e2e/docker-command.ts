import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** The docker command of the tests; the runner names each release that it has fetched by DOCKER_CLI. */
const program = process.env.DOCKER_CLI ?? 'docker';

export interface CommandResult {
  /** Exit code; 128 + signal where one ended it. */
  code: number;
  stdout: string;
  stderr: string;
}

export type PipedProcess = ChildProcess & {
  stdin: NodeJS.WritableStream;
  stdout: NodeJS.ReadableStream;
  stderr: NodeJS.ReadableStream;
};

/** The real docker command against one socket, and against nothing of the person who tests. */
export class DockerCommand {
  readonly env: Record<string, string>;

  /** `directory` takes the command's own files. */
  constructor({ socket, directory }: { socket: string; directory: string }) {
    const config = join(directory, 'docker-config');
    mkdirSync(config, { recursive: true });
    this.env = {
      PATH: process.env.PATH ?? '',
      HOME: directory,
      DOCKER_HOST: `unix://${socket}`,
      DOCKER_CONFIG: config,
    };
  }

  /** Starts a command whose streams the test drives itself. */
  spawn(args: string[]): PipedProcess {
    return spawn(program, args, { env: this.env });
  }

  /** Runs a command to its end. Without `input` its stdin is /dev/null. */
  run(args: string[], options: { input?: string | Buffer } = {}): Promise<CommandResult> {
    return runCommand(program, args, { env: this.env, ...options });
  }

  /** As run, and gives stdout; throws when the command fails. */
  async text(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(args);
    if (code !== 0) throw new Error(`docker ${args.join(' ')} ended with ${code}: ${stderr}`);
    return stdout.trimEnd();
  }

  /** Runs it inside a pseudo terminal, by script(1); the input is typed once the command has printed `after`. */
  inTerminal(args: string[], options: { type: string; after: string }): Promise<CommandResult> {
    const quoted = [program, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    const child = spawn('script', ['-qec', quoted, '/dev/null'], { env: this.env });
    let typed = false;
    let seen = '';
    child.stdout.on('data', (part: Buffer) => {
      seen += part.toString();
      if (typed || !seen.includes(options.after)) return;
      typed = true;
      child.stdin.write(options.type);
    });
    return commandResult(child);
  }
}

/** Runs a program to its end. Without `input` its stdin is /dev/null. */
export function runCommand(
  command: string,
  args: string[],
  options: { env: Record<string, string>; input?: string | Buffer },
): Promise<CommandResult> {
  const { env, input } = options;
  const stdin = input === undefined ? 'ignore' : 'pipe';
  const child = spawn(command, args, { env, stdio: [stdin, 'pipe', 'pipe'] });
  child.stdin?.end(input);
  return commandResult(child);
}

function commandResult(child: ChildProcess): Promise<CommandResult> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    stdout += part;
  });
  child.stderr?.setEncoding('utf8').on('data', (part: string) => {
    stderr += part;
  });
  // A command that ends before it has read its input is no failure of the test.
  child.stdin?.on('error', () => {});
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code: code ?? (signal ? 128 : 1), stdout, stderr }));
  });
}

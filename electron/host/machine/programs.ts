import { execFile } from 'node:child_process';
import { MachineProblem } from './driver.ts';

/** What a person has to install for a program, by the names the systems' package managers use. */
const packages: Record<string, Record<string, string>> = {
  'qemu-system-x86_64': { linux: 'qemu-system-x86', darwin: 'qemu', win32: 'QEMU' },
  'qemu-system-aarch64': { linux: 'qemu-system-arm', darwin: 'qemu', win32: 'QEMU' },
  'qemu-img': { linux: 'qemu-utils', darwin: 'qemu', win32: 'QEMU' },
};

/** Runs one of QEMU's programs to its end; a missing one is the problem `qemu-missing` with what to install. */
export function runProgram(program: string, args: string[], signal?: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { ...(signal ? { signal } : {}) }, (error, stdout, stderr) => {
      if (!error) resolve(stdout);
      else if (error.code === 'ENOENT') reject(new MachineProblem(missingProgram(program)));
      else
        reject(signal?.aborted ? signal.reason : new Error(`${program}: ${stderr.trim() || error.message}`));
    });
  });
}

export function missingProgram(program: string) {
  const name = packages[program]?.[process.platform] ?? program;
  return { code: 'qemu-missing' as const, params: { program, package: name } };
}

/** Major version and the whole version line of a QEMU program. */
export async function qemuVersion(
  program: string,
  signal?: AbortSignal,
): Promise<{ major: number; text: string }> {
  const text = (await runProgram(program, ['--version'], signal)).split('\n')[0] ?? '';
  return { major: Number(/version (\d+)/.exec(text)?.[1] ?? 0), text };
}

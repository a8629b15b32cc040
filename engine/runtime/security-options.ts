import { BerthError } from '../errors.ts';

export interface SecurityOptions {
  noNewPrivileges: boolean;
  /** Text of a profile, `unconfined`, or undefined for the default. */
  seccomp: string | undefined;
  apparmor: string | undefined;
}

/** Reads Docker's --security-opt words. Throws bad-parameter with Docker's words for one that it does not know. */
export function parseSecurityOptions(words: string[]): SecurityOptions {
  const options: SecurityOptions = { noNewPrivileges: false, seccomp: undefined, apparmor: undefined };
  for (const word of words) {
    const { name, value } = split(word);
    if (name === 'no-new-privileges') options.noNewPrivileges = parseFlag(word, value ?? 'true');
    else if (name === 'seccomp' && value !== undefined)
      options.seccomp = value === 'builtin' ? undefined : value;
    else if (name === 'apparmor' && value !== undefined) options.apparmor = value;
    // SELinux labels mean nothing where there is no SELinux, which is what Docker does there as well.
    else if (name !== 'label') throw invalid(word);
  }
  return options;
}

/** `name=value`; older clients write `name:value`. */
function split(word: string): { name: string; value: string | undefined } {
  const at = word.search(/[=:]/);
  return at < 0 ? { name: word, value: undefined } : { name: word.slice(0, at), value: word.slice(at + 1) };
}

function parseFlag(word: string, value: string): boolean {
  if (/^(1|t|T|TRUE|true|True)$/.test(value)) return true;
  if (/^(0|f|F|FALSE|false|False)$/.test(value)) return false;
  throw invalid(word);
}

function invalid(word: string): BerthError {
  return new BerthError('bad-parameter', `invalid --security-opt 2: "${word}"`, {
    parameter: 'SecurityOpt',
    value: word,
  });
}

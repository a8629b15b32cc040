import { emptyForm, type RunForm } from './form.ts';
import { formOptions, moreOptions, shortForms } from './options.ts';
import { joinWords, splitWords } from './words.ts';

export interface Pasted {
  form: RunForm;
  /** How many options were read. */
  read: number;
  /** Options that were left out, as they stood. */
  leftOut: string[];
}

/** Unknown options that take a value, so that their value is not taken for the image. */
const valueFlags = new Set(
  (
    '--link --env-file --label-file --log-driver --log-opt --device --gpus --ip --ip6 --mac-address --cidfile ' +
    '--memory-swap --memory-reservation --cpu-shares -c --cpu-period --cpu-quota --shm-size --ulimit --platform ' +
    '--pull --health-cmd --health-interval --health-retries --health-timeout --health-start-period --expose ' +
    '--network-alias --net-alias --stop-timeout --userns --cgroupns --isolation --domainname --dns-option ' +
    '--attach -a --storage-opt --blkio-weight --oom-score-adj --annotation --detach-keys --volume-driver'
  ).split(' '),
);

/** True for a line that begins like `docker run`. */
export function looksLikeRun(text: string): boolean {
  return /^\s*(?:\$\s+|sudo\s+)*(?:docker|podman|nerdctl)\s+(?:container\s+)?run\s/.test(text);
}

/** `-itp80:80` is -i -t -p 80:80: short switches may stand together, the last one may carry its value. */
function splitShort(word: string): { flag: string; value?: string }[] {
  const flags: { flag: string; value?: string }[] = [];
  for (let at = 1; at < word.length; at++) {
    const flag = `-${word[at]}`;
    const rest = word.slice(at + 1).replace(/^=/, '');
    const takesValue = takesValueOf(flag);
    if (takesValue && rest !== '') return [...flags, { flag, value: rest }];
    flags.push({ flag });
  }
  return flags;
}

const formOption = (flag: string) => formOptions.find(({ flags }) => flags.includes(flag));
const moreFlag = (flag: string) => shortForms[flag] ?? flag;

function takesValueOf(flag: string): boolean {
  return formOption(flag)?.takesValue ?? moreOptions[moreFlag(flag)]?.takesValue ?? valueFlags.has(flag);
}

/** Puts one option into the form; false when it has no place there. */
function readOption(form: RunForm, flag: string, value: string): boolean {
  const option = formOption(flag);
  if (option) return option.read(form, value);
  const more = moreFlag(flag);
  if (!moreOptions[more]) return false;
  form.more.push({ flag: more, value });
  return true;
}

/** Reads a pasted `docker run` line. What it cannot honour it leaves out and names. */
export function parseRun(line: string): Pasted {
  const words = splitWords(line.replace(/^\s*\$\s+/, ''));
  const form = emptyForm();
  const leftOut: string[] = [];
  let read = 0;
  let at = words.indexOf('run') + 1;
  for (; at < words.length; at++) {
    const word = words[at] as string;
    if (word === '--' || !word.startsWith('-')) break;
    const [long = '', ...rest] = word.split('=');
    const parts = word.startsWith('--')
      ? [{ flag: long, ...(word.includes('=') ? { value: rest.join('=') } : {}) }]
      : splitShort(word);
    for (const part of parts) {
      const value = 'value' in part ? part.value : takesValueOf(part.flag) ? words[++at] : '';
      if (readOption(form, part.flag, value ?? '')) read++;
      else leftOut.push(value ? `${part.flag} ${value}` : part.flag);
    }
  }
  if (words[at] === '--') at++;
  form.image = words[at] ?? '';
  form.command = joinWords(words.slice(at + 1));
  return { form, read, leftOut };
}

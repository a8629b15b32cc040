import Anser from 'anser';

/** A run of text with one look. Colours are names of the theme's palette or `r, g, b`. */
export interface StyledRun {
  text: string;
  foreground?: string;
  background?: string;
  bold?: boolean;
  dim?: boolean;
  italic?: boolean;
  underline?: boolean;
  strike?: boolean;
}

const escapeByte = 27;

/** Control sequences other than colour (cursor moves, titles), which a line view has no place for. */
const otherSequences =
  /\u001b(?:\[[0-9;?]*[A-HJKSTfhlnsu]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[()][0-9A-B]|[=>78cDEHM])/g;

/** Copies [start, end) without escape sequences to `to`; returns the number of bytes. `to` must be large enough. */
export function stripAnsi(bytes: Uint8Array, start: number, end: number, to: Uint8Array): number {
  let length = 0;
  let at = start;
  while (at < end) {
    const byte = bytes[at]!;
    if (byte !== escapeByte) {
      to[length++] = byte;
      at++;
      continue;
    }
    at++;
    if (bytes[at] === 91) {
      at++;
      while (at < end && (bytes[at]! < 64 || bytes[at]! > 126)) at++;
      at++;
    } else if (bytes[at] === 93) {
      while (at < end && bytes[at] !== 7 && bytes[at] !== escapeByte) at++;
      at += bytes[at] === escapeByte ? 2 : 1;
    } else at += bytes[at] === 40 || bytes[at] === 41 ? 2 : 1;
  }
  return length;
}

/** A line as runs. After a carriage return the line is written anew: only the last version is shown. */
export function styledRuns(line: string): StyledRun[] {
  const back = line.lastIndexOf('\r', line.length - 2);
  const text = (back >= 0 ? line.slice(back + 1) : line).replace(/\r$/, '');
  if (!text.includes('\u001b')) return [{ text }];
  return Anser.ansiToJson(text.replace(otherSequences, ''), { use_classes: true, remove_empty: true }).map(
    (part) => ({
      text: part.content,
      ...(part.fg ? { foreground: part.fg === 'ansi-truecolor' ? part.fg_truecolor : part.fg } : {}),
      ...(part.bg ? { background: part.bg === 'ansi-truecolor' ? part.bg_truecolor : part.bg } : {}),
      ...(part.decorations.includes('bold') ? { bold: true } : {}),
      ...(part.decorations.includes('dim') ? { dim: true } : {}),
      ...(part.decorations.includes('italic') ? { italic: true } : {}),
      ...(part.decorations.includes('underline') ? { underline: true } : {}),
      ...(part.decorations.includes('strikethrough') ? { strike: true } : {}),
    }),
  );
}

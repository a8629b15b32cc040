import { memo } from 'react';
import { type StyledRun, styledRuns } from './ansi.ts';
import { findRanges } from './search.ts';

/** Log text is neutral: of the sixteen colours only those that carry a meaning are shown, in the theme's tones. */
const colours: Record<string, string> = {
  'ansi-red': 'text-err',
  'ansi-bright-red': 'text-err',
  'ansi-green': 'text-ok',
  'ansi-bright-green': 'text-ok',
  'ansi-yellow': 'text-warn',
  'ansi-bright-yellow': 'text-warn',
  'ansi-blue': 'text-info',
  'ansi-bright-blue': 'text-info',
  'ansi-cyan': 'text-info',
  'ansi-bright-cyan': 'text-info',
  'ansi-magenta': 'text-accent-text',
  'ansi-bright-magenta': 'text-accent-text',
  'ansi-bright-black': 'text-text-3',
};

function classOf(run: StyledRun): string {
  return [
    run.foreground ? colours[run.foreground] : '',
    run.bold && 'font-semibold',
    run.dim && 'text-text-3',
    run.italic && 'italic',
    run.underline && 'underline',
    run.strike && 'line-through',
  ]
    .filter(Boolean)
    .join(' ');
}

interface Piece {
  key: number;
  text: string;
  className: string;
  marked: boolean;
}

/** Cuts runs at the edges of the matches, which may span several runs. */
function pieces(runs: StyledRun[], expression: RegExp | null): Piece[] {
  const whole = runs.map((run) => run.text).join('');
  const ranges = expression ? findRanges(whole, expression) : [];
  const result: Piece[] = [];
  let at = 0;
  let next = 0;
  for (const run of runs) {
    const className = classOf(run);
    const end = at + run.text.length;
    while (at < end) {
      while (next < ranges.length && ranges[next]!.end <= at) next++;
      const range = ranges[next];
      const marked = range !== undefined && range.start <= at;
      const stop = Math.min(end, marked ? range.end : (range?.start ?? end));
      result.push({ key: at, text: whole.slice(at, stop), className, marked });
      at = stop;
    }
  }
  return result;
}

/** A line's text with its colours and the matches marked. */
export const LogText = memo(function LogText({
  text,
  expression,
  current,
}: {
  text: string;
  expression: RegExp | null;
  /** The match that Next and Previous stand on lies in this line. */
  current: boolean;
}) {
  return pieces(styledRuns(text), expression).map((piece) =>
    piece.marked ? (
      <mark key={piece.key} className={current ? 'outline-2 -outline-offset-1 outline-accent-text' : ''}>
        {piece.text}
      </mark>
    ) : piece.className ? (
      <span key={piece.key} className={piece.className}>
        {piece.text}
      </span>
    ) : (
      piece.text
    ),
  );
});

import type { ReactNode } from 'react';
import { classNames } from './class-names.ts';
import type { Tone } from './state-icon.tsx';

const tones: Record<Tone, string> = {
  ok: 'bg-ok-soft text-ok [--state-cut:var(--color-ok-soft)]',
  warn: 'bg-warn-soft text-warn [--state-cut:var(--color-warn-soft)]',
  err: 'bg-err-soft text-err [--state-cut:var(--color-err-soft)]',
  info: 'bg-info-soft text-info [--state-cut:var(--color-info-soft)]',
  idle: 'bg-idle-soft text-text-2 [--state-cut:var(--color-idle-soft)]',
};

/** A short word on a soft ground; `large` is the state beside a title. */
export function Badge({
  tone = 'idle',
  large = false,
  children,
}: {
  tone?: Tone;
  large?: boolean;
  children: ReactNode;
}) {
  return (
    <span
      className={classNames(
        'inline-flex flex-none items-center gap-1.5 whitespace-nowrap rounded-full font-medium',
        large ? 'px-2 text-small leading-5' : 'px-1.5 text-meta',
        tones[tone],
      )}
    >
      {children}
    </span>
  );
}

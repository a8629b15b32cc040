import type { ReactNode } from 'react';
import { classNames } from './class-names.ts';

/** What a thing's state looks like: a shape and a colour, always beside a word. */
export type StateShape =
  | 'running'
  | 'healthy'
  | 'busy'
  | 'paused'
  | 'warning'
  | 'unhealthy'
  | 'exited'
  | 'failed'
  | 'created'
  | 'waiting';

export type Tone = 'ok' | 'warn' | 'err' | 'info' | 'idle';

export const toneOf: Record<StateShape, Tone> = {
  running: 'ok',
  healthy: 'ok',
  busy: 'info',
  paused: 'warn',
  warning: 'warn',
  unhealthy: 'err',
  exited: 'idle',
  failed: 'err',
  created: 'idle',
  waiting: 'idle',
};

export const toneText: Record<Tone, string> = {
  ok: 'text-ok',
  warn: 'text-warn',
  err: 'text-err',
  info: 'text-info',
  idle: 'text-idle',
};

const cut = 'var(--state-cut, var(--color-surface))';
const triangle = (
  <>
    <path d="M6 .8 11.5 10.600H.5z" fill="currentColor" />
    <path d="M6 4.300v2.700M6 8.700v.1" stroke={cut} strokeWidth="1.4" strokeLinecap="round" />
  </>
);
const shapes: Record<StateShape, ReactNode> = {
  running: <circle cx="6" cy="6" r="4.5" fill="currentColor" />,
  healthy: (
    <>
      <circle cx="6" cy="6" r="5" fill="currentColor" />
      <path
        d="m3.600 6.100 1.700 1.700 3.200-3.500"
        stroke={cut}
        strokeWidth="1.5"
        fill="none"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </>
  ),
  busy: (
    <circle
      cx="6"
      cy="6"
      r="4.2"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeDasharray="18 9"
      className="origin-center motion-safe:animate-spin"
    />
  ),
  paused: (
    <>
      <rect x="1.5" y="1.5" width="3.2" height="9" rx="1" fill="currentColor" />
      <rect x="7.3" y="1.5" width="3.2" height="9" rx="1" fill="currentColor" />
    </>
  ),
  warning: triangle,
  unhealthy: triangle,
  exited: (
    <rect
      x="1.9"
      y="1.9"
      width="8.2"
      height="8.2"
      rx="1.6"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
    />
  ),
  failed: (
    <>
      <path d="M6 .9 11.100 6 6 11.100.9 6z" fill="currentColor" />
      <path d="m4.500 4.500 3 3m0-3-3 3" stroke={cut} strokeWidth="1.2" strokeLinecap="round" />
    </>
  ),
  created: (
    <circle
      cx="6"
      cy="6"
      r="4.4"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeDasharray="2.300 2.300"
    />
  ),
  waiting: <path d="M3 6h6" stroke="currentColor" strokeWidth="1.6" strokeLinecap="round" />,
};

/** The shape alone; its word stands beside it, so it is hidden from readers. */
export function StateIcon({
  shape,
  size = 12,
  tone,
  className,
}: {
  shape: StateShape;
  size?: number;
  tone?: Tone;
  className?: string;
}) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 12 12"
      aria-hidden="true"
      className={classNames('block flex-none', toneText[tone ?? toneOf[shape]], className)}
    >
      {shapes[shape]}
    </svg>
  );
}

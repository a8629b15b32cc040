/** A small bar, 0 to 1; the number stands beside it, so readers skip the bar. */
export function Meter({ share, wide = false }: { share: number; wide?: boolean }) {
  return (
    <span
      aria-hidden="true"
      className={`block h-1 flex-none overflow-hidden rounded-full bg-idle-soft ${wide ? 'w-full' : 'w-11'}`}
    >
      <span
        className="block h-full rounded-full bg-accent-text"
        style={{ width: `${Math.min(1, Math.max(0, share)) * 100}%` }}
      />
    </span>
  );
}

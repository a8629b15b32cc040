import type { ReactNode } from 'react';

/** What stands where nothing is: a sentence and what to do. */
export function EmptyState({
  icon,
  title,
  hint,
  children,
}: {
  icon?: ReactNode;
  title: string;
  hint?: string | undefined;
  /** Buttons. */
  children?: ReactNode;
}) {
  return (
    <div className="flex min-h-0 flex-1 flex-col items-center justify-center gap-1 p-6 text-center">
      {icon && <div className="mb-2 text-text-3">{icon}</div>}
      <p className="max-w-md font-medium">{title}</p>
      {hint && <p className="max-w-md text-text-2">{hint}</p>}
      {children && <div className="mt-3 flex flex-wrap justify-center gap-2">{children}</div>}
    </div>
  );
}

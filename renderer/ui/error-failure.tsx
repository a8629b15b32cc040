import type { ReactNode } from 'react';
import { errorWords } from './error-words.ts';
import { Failure } from './failure.tsx';

/** A caught error, said inline: `title` names what failed. */
export function ErrorFailure({
  title,
  error,
  children,
}: {
  title?: string;
  error: unknown;
  children?: ReactNode;
}) {
  const { text, detail } = errorWords(error);
  return title === undefined ? (
    <Failure title={text} detail={detail}>
      {children}
    </Failure>
  ) : (
    <Failure title={title} text={text} detail={detail}>
      {children}
    </Failure>
  );
}

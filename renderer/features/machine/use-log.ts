import { useEffect, useState } from 'react';
import { host } from '../../bridge/index.ts';
import type { LogSource } from './problem-box.tsx';

/** How much of a log is kept in the page: its end says what happened last. */
const keptCharacters = 256 * 1024;
/** How often an open log is asked for more. */
const pollMs = 2000;

async function readFrom(source: LogSource, offset: number): Promise<{ text: string; size: number }> {
  const response = await host.log(source, offset);
  const decoder = new TextDecoder();
  let text = '';
  let size = offset;
  for await (const chunk of response.body) {
    size += chunk.length;
    text += decoder.decode(chunk, { stream: true });
  }
  return { text, size };
}

/** A log's end, read on while `open`; undefined until the first answer. */
export function useLog(source: LogSource, open: boolean): { text: string | undefined; error: unknown } {
  const [log, setLog] = useState<{ source: LogSource; text: string; error: unknown }>();
  useEffect(() => {
    if (!open) return;
    let offset = 0;
    let text = '';
    let stopped = false;
    let timer: ReturnType<typeof setTimeout>;
    const poll = async () => {
      try {
        const more = await readFrom(source, offset);
        offset = more.size;
        text = (text + more.text).slice(-keptCharacters);
        if (!stopped) setLog({ source, text, error: undefined });
      } catch (error) {
        if (!stopped) setLog({ source, text, error });
      }
      if (!stopped) timer = setTimeout(() => void poll(), pollMs);
    };
    void poll();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, [source, open]);
  return log?.source === source ? log : { text: undefined, error: undefined };
}

import { create } from 'zustand';
import type { TimeFormat } from './log-session.ts';

/** How logs are shown, the same for every container of this window. */
interface LogPreferences {
  wrap: boolean;
  time: TimeFormat;
}

const storageKey = 'berth.logs';
const stored = sessionStorage.getItem(storageKey);

export const useLogPreferences = create<LogPreferences>(() =>
  stored ? (JSON.parse(stored) as LogPreferences) : { wrap: false, time: 'local' },
);
useLogPreferences.subscribe((state) => sessionStorage.setItem(storageKey, JSON.stringify(state)));

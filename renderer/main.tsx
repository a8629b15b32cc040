import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { NotSignedIn, signIn } from './bridge/session.ts';
import { followShell } from './bridge/shell.ts';
import { SignedOut } from './shell/signed-out.tsx';
import { watchEngine } from './stores/events.ts';
import { watchMachine } from './stores/machine.ts';
import { readPreferences } from './stores/preferences.ts';
import { readAppearance, showAppearance } from './stores/settings.ts';
import './theme.css';

async function start(): Promise<void> {
  const root = createRoot(document.getElementById('root') as HTMLElement);
  await showAppearance();
  try {
    await signIn();
  } catch (error) {
    if (!(error instanceof NotSignedIn)) throw error;
    root.render(<SignedOut />);
    return;
  }
  followShell();
  watchMachine();
  watchEngine();
  root.render(<App />);
  await Promise.all([readAppearance(), readPreferences()]);
}

/** What most people open next is fetched while nothing else is to be done. */
function prefetch(): void {
  void import('./ui/menu-parts.tsx');
  void import('./ui/tooltip-bubble.tsx');
  void import('./ui/dialog.tsx');
  void import('./shell/palette.tsx');
}

void start().then(() => requestIdleCallback(prefetch));

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

/** What most people open next is fetched while nothing else is to be done; without the host it is fetched when needed. */
function prefetch(): void {
  const parts = [
    import('./ui/menu-parts.tsx'),
    import('./ui/tooltip-bubble.tsx'),
    import('./ui/dialog.tsx'),
    import('./shell/palette.tsx'),
  ];
  for (const part of parts) part.catch(() => {});
}

void start().then(() => requestIdleCallback(prefetch));

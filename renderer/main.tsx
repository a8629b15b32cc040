import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { NotSignedIn, signIn } from './bridge/session.ts';
import { followShell } from './bridge/shell.ts';
import { SignedOut } from './shell/signed-out.tsx';
import { watchEngine } from './stores/events.ts';
import { watchMachine } from './stores/machine.ts';
import { readPreferences } from './stores/preferences.ts';
import { readAppearance, showAppearance } from './stores/settings.ts';
import { loadSoon } from './ui/lazy-part.tsx';
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

void start().then(() => requestIdleCallback(loadSoon));

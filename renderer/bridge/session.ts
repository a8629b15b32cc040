/**
 * The page's credential. The host prints a one-time token into the URL fragment; it is exchanged once for a
 * secret that lives in sessionStorage (scoped to this port and tab) and travels as Bearer and subprotocol.
 */

const storageKey = 'berth.session';

export class NotSignedIn extends Error {
  constructor() {
    super('the page has no session');
    this.name = 'NotSignedIn';
  }
}

let secret: string | null = sessionStorage.getItem(storageKey);

/** The secret, or throws NotSignedIn. */
export function sessionSecret(): string {
  if (secret === null) throw new NotSignedIn();
  return secret;
}

/** Takes the token out of the fragment `#token=…`, so that it lies in no history entry. */
function takeToken(): string | null {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token !== null) history.replaceState(history.state, '', location.pathname + location.search);
  return token;
}

/** Exchanges the fragment's token, if there is one. Throws NotSignedIn when there is neither token nor secret. */
export async function signIn(): Promise<void> {
  const token = takeToken();
  if (token === null) {
    sessionSecret();
    return;
  }
  const response = await fetch('/api/session', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  if (response.ok) {
    secret = ((await response.json()) as { secret: string }).secret;
    sessionStorage.setItem(storageKey, secret);
  } else if (secret === null) throw new NotSignedIn();
}

/** Forgets a secret that the host no longer knows. */
export function forgetSession(): void {
  secret = null;
  sessionStorage.removeItem(storageKey);
}

/** What a registry asks for by WWW-Authenticate. */
export interface Challenge {
  scheme: 'basic' | 'bearer';
  parameters: Record<string, string>;
}

/** Parses WWW-Authenticate; undefined when it names neither scheme. */
export function parseChallenge(header: string | undefined): Challenge | undefined {
  const found = /^\s*(basic|bearer)\b\s*(.*)$/i.exec(header ?? '');
  if (found === null) return undefined;
  const parameters: Record<string, string> = {};
  for (const [, name = '', quoted, plain] of (found[2] ?? '').matchAll(
    /([a-zA-Z_]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/g,
  )) {
    parameters[name.toLowerCase()] = quoted ?? plain ?? '';
  }
  return { scheme: found[1]?.toLowerCase() === 'basic' ? 'basic' : 'bearer', parameters };
}

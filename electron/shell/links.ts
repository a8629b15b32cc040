/** The scheme of links that open Berth from elsewhere: documents, other programs. */
export const linkScheme = 'berth';

/** Views of the page that a link may open. Whatever a link says, it only shows something: it starts nothing. */
const views = ['containers', 'images', 'machine'];

/**
 * The page's path for a `berth://` link, or undefined where it is none of ours:
 *
 *   berth://containers[/<id or name>[/<tab>]]   berth://images[/<reference>[/<tab>]]   berth://machine
 *   berth://run?image=<reference>               the run dialog, filled in; running is for the person to click
 */
export function pathOfLink(link: string): string | undefined {
  let url: URL;
  try {
    url = new URL(link);
  } catch {
    return undefined;
  }
  if (url.protocol !== `${linkScheme}:`) return undefined;
  if (url.hostname === 'run') {
    const image = url.searchParams.get('image');
    return image === null || image === '' ? undefined : `/containers?run=${encodeURIComponent(image)}`;
  }
  if (!views.includes(url.hostname)) return undefined;
  // Segments stay escaped as they came: a decoded slash would be another path.
  const rest = url.pathname
    .split('/')
    .filter((segment) => segment !== '' && !/^(%2e|\.){1,2}$/i.test(segment));
  return `/${[url.hostname, ...rest].join('/')}`;
}

/** The link among a command line's words, as systems hand it to the program that they start. */
export function linkIn(words: readonly string[]): string | undefined {
  return words.find((word) => word.startsWith(`${linkScheme}://`));
}

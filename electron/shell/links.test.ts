import { expect, test } from 'vitest';
import { linkIn, pathOfLink } from './links.ts';

test.each([
  ['berth://containers', '/containers'],
  ['berth://containers/web/logs', '/containers/web/logs'],
  ['berth://images/nginx%3A1.31/layers', '/images/nginx%3A1.31/layers'],
  ['berth://machine/', '/machine'],
  ['berth://run?image=nginx:1.31', '/containers?run=nginx%3A1.31'],
  ['berth://run?image=a%26volume%3D/', '/containers?run=a%26volume%3D%2F'],
])('%s shows %s', (link, path) => {
  expect(pathOfLink(link)).toBe(path);
});

test.each([
  'https://containers',
  'berth:containers',
  'berth://settings',
  'berth://run',
  'berth://run?image=',
  'no link',
])('%s shows nothing', (link) => {
  expect(pathOfLink(link)).toBeUndefined();
});

test.each(['berth://machine/../api/state', 'berth://machine/%2e%2e/api', 'berth://images//evil.example/x'])(
  '%s leaves neither the view nor the page',
  (link) => {
    const path = pathOfLink(link) as string;
    const reached = new URL(path, 'http://127.0.0.1:1234/');
    expect(reached.origin).toBe('http://127.0.0.1:1234');
    expect(reached.pathname).toMatch(/^\/(machine|images)\//);
  },
);

test('the link is found among the words of a command line', () => {
  expect(linkIn(['/opt/berth', '--no-sandbox', 'berth://machine'])).toBe('berth://machine');
  expect(linkIn(['/opt/berth', '--instance', 'default'])).toBeUndefined();
});

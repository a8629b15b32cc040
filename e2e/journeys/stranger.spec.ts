import { expect, freePort, journeyMs, test } from './journey.ts';

test.setTimeout(journeyMs);

/** Answers with the headers it was sent, whatever was asked; its page may run scripts, as any page of a container. */
const echo = `while :; do { echo "HTTP/1.1 200 OK"; echo "Content-Type: text/html"; echo "Connection: close"; echo;
  echo "<!doctype html><title>container</title><pre>"; while read -r line && [ "$line" != "$(printf '\\r')" ];
  do echo "$line"; done; echo "</pre>"; } < /tmp/in | nc -l -p 80 > /tmp/in; done`;

test('a page on a published port is sent no credential, and can neither read nor use one', async ({
  open,
  shared,
  machine,
}) => {
  const image = `${shared.registry}/busybox:latest`;
  const port = await freePort();
  await machine.docker.text('pull', '-q', image);
  const script = `mkfifo /tmp/in; ${echo}`;
  const id = await machine.docker.text('run', '-d', '-p', `${port}:80`, image, 'sh', '-c', script);
  await machine.until(({ forwards }) => forwards.some(({ desktopPort }) => desktopPort === port));

  const page = await open('/containers');
  const origin = new URL(page.url()).origin;
  const secret = await page.evaluate(() => Object.values({ ...sessionStorage }).join(' '));
  expect(secret.length).toBeGreaterThan(20);
  // The same browser, and even the same tab, goes to the container's page.
  await expect(async () => {
    await page.goto(`http://127.0.0.1:${port}/`);
    await expect(page).toHaveTitle('container', { timeout: 2000 });
  }).toPass({ timeout: 60_000 });
  const headers = (await page.locator('pre').textContent()) ?? '';
  expect(headers).toContain('User-Agent:');
  expect(headers).not.toMatch(/cookie|authorization/i);
  for (const word of secret.split(' ')) expect(headers).not.toContain(word);
  expect(await page.evaluate(() => [document.cookie, ...Object.values({ ...sessionStorage })].join(''))).toBe(
    '',
  );
  const asked = await page.evaluate(async (host) => {
    const calls = ['/api/state', '/api/tokens', '/engine/containers/json'].map((path) =>
      fetch(`${host}${path}`, { credentials: 'include' }).then(
        (answer) => `answered ${answer.status}`,
        () => 'refused',
      ),
    );
    const socket = new WebSocket(`${host.replace('http', 'ws')}/api/watch`, 'berth');
    const watched = new Promise<string>((resolve) => {
      socket.onopen = () => resolve('opened');
      socket.onerror = () => resolve('refused');
    });
    return [...(await Promise.all(calls)), await watched];
  }, origin);
  expect(asked).toEqual(['refused', 'refused', 'refused', 'refused']);
  await machine.docker.text('rm', '-f', id);
});

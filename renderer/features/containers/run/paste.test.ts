import { expect, test } from 'vitest';
import { looksLikeRun, parseRun } from './paste.ts';
import { commandOf, requestOf } from './request.ts';
import { quoteWord, splitWords } from './words.ts';

const plain = (rows: readonly object[]) => rows.map((row) => ({ ...row, key: 0 }));

test('the line of the mock-up', () => {
  const { form, read, leftOut } = parseRun(
    'docker run -d --name web-canary --network storefront --link db -p 3000:3000 -p 127.0.0.1:9229:9229 \\\n' +
      '  -v storefront_uploads:/app/uploads:ro --env-file .env -e NODE_ENV=production -m 512m storefront-web:1.14.0-rc2',
  );
  expect(form).toMatchObject({
    image: 'storefront-web:1.14.0-rc2',
    name: 'web-canary',
    network: 'storefront',
    memory: '512m',
    command: '',
  });
  expect(plain(form.ports)).toEqual([
    { key: 0, address: '', desktop: '3000', container: '3000', protocol: 'tcp' },
    { key: 0, address: '127.0.0.1', desktop: '9229', container: '9229', protocol: 'tcp' },
  ]);
  expect(plain(form.volumes)).toEqual([
    { key: 0, source: 'storefront_uploads', target: '/app/uploads', readOnly: true },
  ]);
  expect(plain(form.env)).toEqual([{ key: 0, name: 'NODE_ENV', value: 'production' }]);
  expect(read).toBe(8);
  expect(leftOut).toEqual(['--link db', '--env-file .env']);
});

test('short switches stand together, the last may carry its value; the command stays as it was', () => {
  const { form } = parseRun(`docker run --rm -itp8080:80 -eA='b c' busybox sh -c 'echo "hi there" -p 1'`);
  expect(form).toMatchObject({ tty: true, interactive: true, autoRemove: true, image: 'busybox' });
  expect(form.ports[0]).toMatchObject({ desktop: '8080', container: '80' });
  expect(form.env[0]).toMatchObject({ name: 'A', value: 'b c' });
  expect(splitWords(form.command)).toEqual(['sh', '-c', 'echo "hi there" -p 1']);
});

test.each([
  ['-p 80', [['', '', '80', 'tcp']]],
  ['-p 53:53/udp', [['', '53', '53', 'udp']]],
  [
    '-p 8000-8001:9000-9001',
    [
      ['', '8000', '9000', 'tcp'],
      ['', '8001', '9001', 'tcp'],
    ],
  ],
  ['-p [::1]:80:80', [['[::1]', '80', '80', 'tcp']]],
  ['-p 127.0.0.1::80', [['127.0.0.1', '', '80', 'tcp']]],
  ['--publish=80:80', [['', '80', '80', 'tcp']]],
])('%s', (option, ports) => {
  const { form } = parseRun(`docker run ${option} nginx`);
  expect(form.ports.map((row) => [row.address, row.desktop, row.container, row.protocol])).toEqual(ports);
});

test('what cannot be read is named, and never eats the image', () => {
  expect(parseRun('docker run -p 1-9000:1-9000 --gpus all --what nginx')).toMatchObject({
    form: { image: 'nginx' },
    leftOut: ['-p 1-9000:1-9000', '--gpus all', '--what'],
  });
});

test('an option without a field reaches the request and the command', () => {
  const { form } = parseRun(
    'docker run --cap-add NET_ADMIN -l a=b --read-only --add-host h:1.2.3.4 --tmpfs /t:size=1m -P nginx',
  );
  const request = requestOf(form);
  expect(request.Labels).toEqual({ a: 'b' });
  expect(request.HostConfig).toMatchObject({
    CapAdd: ['NET_ADMIN'],
    ReadonlyRootfs: true,
    ExtraHosts: ['h:1.2.3.4'],
    Tmpfs: { '/t': 'size=1m' },
    PublishAllPorts: true,
  });
  expect(commandOf(form)).toBe(
    'docker run -d --cap-add NET_ADMIN --label a=b --read-only --add-host h:1.2.3.4 --tmpfs /t:size=1m --publish-all nginx',
  );
});

test('the request and the command say the same as the line', () => {
  const line =
    "docker run -d --name web -p 127.0.0.1:8080:80 -v data:/d:ro -e 'A=b c' -m 512m --cpus 1.5 --network none " +
    '--restart on-failure --entrypoint /bin/sh -w /w -u 1000 --hostname h -t -i --rm nginx:latest -c ls';
  const { form } = parseRun(line);
  expect(commandOf(form)).toBe(line);
  expect(requestOf(form)).toEqual({
    Image: 'nginx:latest',
    Cmd: ['-c', 'ls'],
    Entrypoint: ['/bin/sh'],
    Env: ['A=b c'],
    WorkingDir: '/w',
    User: '1000',
    Hostname: 'h',
    Tty: true,
    OpenStdin: true,
    ExposedPorts: { '80/tcp': {} },
    HostConfig: {
      PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }] },
      Binds: ['data:/d:ro'],
      Memory: 536_870_912,
      NanoCpus: 1_500_000_000,
      NetworkMode: 'none',
      RestartPolicy: { Name: 'on-failure' },
      AutoRemove: true,
    },
  });
});

test('words survive a shell', () => {
  for (const word of ['plain', 'two words', "it's", '"$HOME" `x` \\', '', '名'])
    expect(splitWords(quoteWord(word))).toEqual([word]);
  expect(splitWords('a "b \\" c" d\\ e \'f\\\' g')).toEqual(['a', 'b " c', 'd e', 'f\\', 'g']);
});

test('what looks like a run line', () => {
  expect(['docker run nginx', '  $ sudo docker container run x', 'podman run x'].every(looksLikeRun)).toBe(
    true,
  );
  expect(['docker', 'nginx', 'docker ps run'].some(looksLikeRun)).toBe(false);
});

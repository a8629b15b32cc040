import { expect, test } from 'vitest';
import type { ContainerView } from '../../../stores/container-state.ts';
import { checkForm, suggestPort } from './check.ts';
import { emptyForm, newKey, type PortRow, parseEnvLines } from './form.ts';

const port = (desktop: string, container = '80', change: Partial<PortRow> = {}): PortRow => ({
  key: newKey(),
  address: '',
  desktop,
  container,
  protocol: 'tcp',
  ...change,
});
const web: ContainerView = {
  id: 'web',
  name: 'web',
  image: 'nginx',
  condition: 'running',
  ports: [3000, 3001].map((number) => ({ port: number, containerPort: 80, protocol: 'tcp' })),
  labels: {},
  createdAtMs: 0,
};
const kinds = (change: Partial<ReturnType<typeof emptyForm>>, containers = [web]) =>
  checkForm({ ...emptyForm('nginx'), ...change }, containers).map(({ kind }) => kind);

test('a used port names its owner and the next free one', () => {
  const [complaint] = checkForm({ ...emptyForm('nginx'), ports: [port('3000'), port('3002')] }, [web]);
  expect(complaint).toMatchObject({ kind: 'portUsed', owner: web, free: 3003 });
});

test('a stopped owner holds nothing; another protocol is another port', () => {
  expect(kinds({ ports: [port('3000')] }, [{ ...web, condition: 'exited' }])).toEqual([]);
  expect(kinds({ ports: [port('3000', '53', { protocol: 'udp' })] })).toEqual([]);
});

test.each([
  [{ image: ' ' }, ['imageMissing']],
  [{ name: 'web' }, ['nameTaken']],
  [{ name: '-x' }, ['nameBad']],
  [{ ports: [port('70000')] }, ['portBad']],
  [{ ports: [port('', '80')] }, []],
  [{ ports: [port('80', '')] }, ['portBad']],
  [{ ports: [port('80'), port('80')] }, ['portTwice']],
  [{ volumes: [{ key: 1, source: '~/code', target: '/x', readOnly: false }] }, ['desktopPath']],
  [{ volumes: [{ key: 1, source: '/var/run/docker.sock', target: '/s', readOnly: false }] }, []],
  [{ volumes: [{ key: 1, source: 'data', target: 'x', readOnly: false }] }, ['pathBad']],
  [{ memory: '512m' }, []],
  [{ memory: '1m' }, ['memoryBad']],
  [{ memory: 'lots' }, ['memoryBad']],
  [{ cpus: '0' }, ['cpusBad']],
])('%j', (change, expected) => expect(kinds(change)).toEqual(expected));

test('an offered port needs no right and is free', () => {
  expect([suggestPort(80, [web]), suggestPort(5432, [web]), suggestPort(3000, [web])]).toEqual([
    8080, 5432, 3002,
  ]);
});

test('a .env file', () => {
  expect(parseEnvLines('# c\nexport A=1\nB="x y"\n\nC=z # why\nbad line\nD=')).toEqual([
    { name: 'A', value: '1' },
    { name: 'B', value: 'x y' },
    { name: 'C', value: 'z' },
    { name: 'D', value: '' },
  ]);
});

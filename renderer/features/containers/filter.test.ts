import { expect, test } from 'vitest';
import type { ContainerView } from '../../stores/container-state.ts';
import { countChips, matches, parseFilter } from './filter.ts';

const web: ContainerView = {
  id: 'b41f09c2e7d1',
  name: 'web',
  image: 'storefront-web:dev',
  condition: 'healthy',
  project: 'storefront',
  ports: [{ port: 3000, containerPort: 80, protocol: 'tcp' }],
  labels: { 'com.example.tier': 'front' },
  createdAtMs: 0,
};
const shows = (text: string) => matches(parseFilter(text), web, '健康');

test.each([
  ['', true],
  ['WEB', true],
  ['web dev', true],
  ['storefront', true],
  ['b41f', true],
  ['pg', false],
  ['image:dev', true],
  ['image:dev web', true],
  ['image:web:dev', true],
  ['image：dev', true],
  ['image:postgres', false],
  ['port:3000', true],
  ['port:80', true],
  ['port:300', false],
  ['label:tier=front', true],
  ['label:"com.example.tier=front"', true],
  ['label:tier=back', false],
  ['state:healthy', true],
  ['state:健康', true],
  ['state:exited', false],
  ['other:web', false],
])('“%s” shows it: %s', (text, shown) => expect(shows(text)).toBe(shown));

test('a problem counts beside its state', () => {
  const counts = countChips([web, { ...web, condition: 'unhealthy' }, { ...web, condition: 'failed' }]);
  expect(counts).toEqual({ all: 3, running: 2, problems: 2, paused: 0, stopped: 1 });
});

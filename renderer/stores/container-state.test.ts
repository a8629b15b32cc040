import { expect, test } from 'vitest';
import type { ContainerSummary } from '../../engine/api/containers.ts';
import { containerView, groupsOf, isUp } from './container-state.ts';

function summary(change: Partial<ContainerSummary>): ContainerSummary {
  return {
    Id: 'b41f09c2e7d1aa',
    Names: ['/web'],
    Image: 'nginx:latest',
    ImageID: 'sha256:1',
    Command: 'nginx',
    Created: 1,
    Ports: [],
    Labels: {},
    State: 'running',
    Status: 'Up 2 hours',
    HostConfig: { NetworkMode: 'default' },
    NetworkSettings: { Networks: {} },
    Mounts: [],
    ...change,
  };
}

test.each([
  ['running', 'Up 2 hours', 'running', undefined, 7_200_000],
  ['running', 'Up About an hour (healthy)', 'healthy', undefined, 3_600_000],
  ['running', 'Up 3 seconds (health: starting)', 'starting', undefined, 3000],
  ['running', 'Up 3 minutes (unhealthy)', 'unhealthy', undefined, 180_000],
  ['paused', 'Up 3 minutes (Paused)', 'paused', undefined, 180_000],
  ['exited', 'Exited (0) 6 days ago', 'exited', 0, 518_400_000],
  ['exited', 'Exited (137) 2 hours ago', 'failed', 137, 7_200_000],
  ['created', 'Created', 'created', undefined, undefined],
  ['restarting', 'Restarting (1) 4 seconds ago', 'restarting', undefined, 4000],
  ['dead', 'Dead', 'failed', undefined, undefined],
] as const)('%s “%s” is %s', (State, Status, condition, exitCode, passedMs) => {
  const view = containerView(summary({ State, Status }), 1e12);
  const passed = view.since && 1e12 - view.since.atMs;
  expect([view.condition, view.exitCode, passed]).toEqual([condition, exitCode, passedMs]);
});

test('a port bound on two addresses is one port; unpublished ports are none', () => {
  const view = containerView(
    summary({
      Ports: [
        { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
        { IP: '::', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
        { PrivatePort: 443, Type: 'tcp' },
      ],
    }),
    0,
  );
  expect(view.ports).toEqual([{ port: 8080, containerPort: 80, protocol: 'tcp' }]);
});

test('an unhealthy container runs and is a problem', () => {
  const view = containerView(summary({ Status: 'Up 3 minutes (unhealthy)' }), 0);
  expect(groupsOf(view)).toEqual(['running', 'problems']);
  expect(isUp(view)).toBe(true);
});

import { expect, test } from 'vitest';
import { parsePort, requestedPorts } from './ports.ts';

test('a port without protocol is TCP', () => {
  expect(parsePort('80')).toEqual({ port: 80, protocol: 'tcp' });
  expect(parsePort('53/udp')).toEqual({ port: 53, protocol: 'udp' });
});

test.each(['', '0', '65536', '-1', '80x', '8 0'])('%j is no port', (text) => {
  expect(() => parsePort(text)).toThrow(/invalid port specification/);
});

test('SCTP is refused by name', () => {
  expect(() => parsePort('80/sctp')).toThrow('Berth does not publish sctp ports');
});

test('every binding becomes a request, and an empty one any free port', () => {
  const bindings = {
    '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }, { HostPort: '8081' }],
    '53/udp': [],
    '90/tcp': null,
  };
  expect(requestedPorts({}, { PortBindings: bindings })).toEqual([
    { protocol: 'tcp', containerPort: 80, hostIp: '127.0.0.1', hostPort: 8080 },
    { protocol: 'tcp', containerPort: 80, hostIp: '', hostPort: 8081 },
    { protocol: 'udp', containerPort: 53, hostIp: '', hostPort: 0 },
    { protocol: 'tcp', containerPort: 90, hostIp: '', hostPort: 0 },
  ]);
  expect(() => requestedPorts({}, { PortBindings: { '80/tcp': [{ HostPort: 'x' }] } })).toThrow(
    /invalid port specification: "x"/,
  );
});

test('-P publishes what is exposed and not bound already', () => {
  const ports = requestedPorts(
    { ExposedPorts: { '80/tcp': {}, '81/tcp': {} } },
    { PublishAllPorts: true, PortBindings: { '80/tcp': [{ HostPort: '1' }] } },
  );
  expect(ports.map(({ containerPort, hostPort }) => [containerPort, hostPort])).toEqual([
    [80, 1],
    [81, 0],
  ]);
});

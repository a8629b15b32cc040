import type { ContainerConfig, HostConfig } from '../api/containers.ts';
import { BerthError } from '../errors.ts';
import type { AttachRequest } from '../network/network.ts';

export type RequestedPort = AttachRequest['ports'][number];

/** Parses `80/tcp`; the protocol is tcp where it is not said. */
export function parsePort(text: string): { port: number; protocol: 'tcp' | 'udp' } {
  const [number = '', protocol = 'tcp'] = text.split('/');
  const port = Number(number);
  if (!/^\d+$/.test(number) || port < 1 || port > 65_535) {
    throw new BerthError('bad-parameter', `invalid port specification: "${text}"`, { port: text });
  }
  if (protocol !== 'tcp' && protocol !== 'udp') {
    throw new BerthError('refused-option', `Berth does not publish ${protocol} ports`, {
      option: `PortBindings ${text}`,
    });
  }
  return { port, protocol };
}

/** The ports that a container publishes; host port 0 means any free one. Throws bad-parameter in Docker's words. */
export function requestedPorts(config: ContainerConfig, hostConfig: HostConfig): RequestedPort[] {
  const ports: RequestedPort[] = [];
  const bindings = hostConfig.PortBindings ?? {};
  for (const [text, rows] of Object.entries(bindings)) {
    const { port, protocol } = parsePort(text);
    const asked = rows === null || rows.length === 0 ? [{}] : rows;
    for (const row of asked as { HostIp?: string; HostPort?: string }[]) {
      const hostPort = Number(row.HostPort || 0);
      if (!Number.isInteger(hostPort) || hostPort < 0 || hostPort > 65_535) {
        throw new BerthError('bad-parameter', `invalid port specification: "${row.HostPort}"`, {
          port: row.HostPort ?? '',
        });
      }
      ports.push({ protocol, containerPort: port, hostIp: row.HostIp ?? '', hostPort });
    }
  }
  if (hostConfig.PublishAllPorts) {
    for (const text of Object.keys(config.ExposedPorts ?? {})) {
      if (text in bindings) continue;
      const { port, protocol } = parsePort(text);
      ports.push({ protocol, containerPort: port, hostIp: '', hostPort: 0 });
    }
  }
  return ports;
}

import type {
  ContainerInspect,
  ContainerState,
  EndpointSettings,
  MountPoint,
  NetworkSettings,
} from '../api/containers.ts';
import type { Endpoint } from '../network/network.ts';
import type { Container } from './container.ts';
import { namesOn, networksOf } from './endpoints.ts';
import type { ContainerParts } from './parts.ts';
import { shownConfig, shownHostConfig } from './shown-config.ts';

/** GET /containers/{id}/json. */
export async function inspectContainer(
  parts: ContainerParts,
  container: Container,
  options: { size: boolean },
): Promise<ContainerInspect> {
  const { definition, files, state } = container;
  const { config, hostConfig } = definition;
  const [path = '', ...args] = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  const execIds = [...container.execIds];
  return {
    Id: definition.id,
    Created: definition.created,
    Path: path,
    Args: args,
    State: inspectState(container),
    Image: definition.imageId,
    ResolvConfPath: files.resolvConf,
    HostnamePath: files.hostname,
    HostsPath: files.hosts,
    LogPath: hostConfig.LogConfig?.Type === 'json-file' ? files.jsonLog : '',
    Name: `/${definition.name}`,
    RestartCount: state.restartCount,
    Driver: parts.layers.name,
    Platform: 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: '',
    ExecIDs: execIds.length > 0 ? execIds : null,
    HostConfig: shownHostConfig(hostConfig),
    GraphDriver: {
      Name: parts.layers.name,
      Data: graphData(parts, container),
    },
    ...(options.size ? await sizes(parts, container) : {}),
    Mounts: mountPoints(parts, container),
    Config: shownConfig(config),
    NetworkSettings: networkSettings(parts, container),
  };
}

/** Where the layers lie; the merged tree is mounted in the container's own namespace and nowhere else. */
function graphData(parts: ContainerParts, container: Container): Record<string, string> {
  const { definition, files, run } = container;
  const lower = [...definition.layers].reverse().map((hex) => parts.files.layer(hex).diff);
  return {
    ID: definition.id,
    LowerDir: lower.join(':'),
    MergedDir: run === undefined ? '' : `/proc/${run.shim.pid}/root`,
    UpperDir: files.upper,
    WorkDir: files.work,
  };
}

/** Bytes that the container wrote, and those of its whole root file system. */
export async function sizes(
  parts: ContainerParts,
  container: Container,
): Promise<{ SizeRw: number; SizeRootFs: number }> {
  const written = await parts.layers.size(container.files.upper);
  const below = container.definition.layers.reduce(
    (sum, layer) => sum + (parts.layers.record(layer)?.sizeBytes ?? 0),
    0,
  );
  return { SizeRw: written, SizeRootFs: written + below };
}

function inspectState(container: Container): ContainerState {
  const { state, status } = container;
  return {
    Status: status,
    Running: container.running,
    Paused: status === 'paused',
    Restarting: status === 'restarting',
    OOMKilled: state.oomKilled,
    Dead: false,
    Pid: container.run?.shim.pid ?? 0,
    ExitCode: container.run === undefined ? state.exitCode : 0,
    Error: state.error,
    StartedAt: state.startedAt,
    FinishedAt: state.finishedAt,
    ...(state.health === undefined ? {} : { Health: state.health }),
  };
}

/** Everything mounted, as inspect and ps show it. */
export function mountPoints(parts: ContainerParts, container: Container): MountPoint[] {
  return container.definition.mounts.map((mount) => {
    if (mount.type === 'bind') {
      return {
        Type: 'bind',
        Source: mount.source ?? '',
        Destination: mount.destination,
        Mode: mount.mode,
        RW: !mount.readOnly,
        Propagation: mount.propagation,
      };
    }
    const name = mount.name ?? '';
    return {
      Type: 'volume',
      Name: name,
      Source: parts.files.volume(name).data,
      Destination: mount.destination,
      Driver: 'local',
      Mode: mount.mode,
      RW: !mount.readOnly,
      Propagation: mount.propagation,
    };
  });
}

/** One network of a container; without an endpoint, the empty fields of a container that does not run. */
export function endpointSettings(
  parts: ContainerParts,
  container: Container,
  network: string,
): EndpointSettings {
  const endpoint: Endpoint | undefined = container.state.endpoints[network];
  const asked = container.definition.endpoints[network];
  return {
    IPAMConfig: asked?.IPAMConfig
      ? {
          ...(asked.IPAMConfig.IPv4Address ? { IPv4Address: asked.IPAMConfig.IPv4Address } : {}),
          ...(asked.IPAMConfig.IPv6Address ? { IPv6Address: asked.IPAMConfig.IPv6Address } : {}),
        }
      : null,
    Links: null,
    Aliases: asked?.Aliases ?? null,
    MacAddress: endpoint?.macAddress ?? '',
    DriverOpts: null,
    GwPriority: asked?.GwPriority ?? 0,
    NetworkID: endpoint?.networkId ?? networkId(parts, network),
    EndpointID: endpoint?.endpointId ?? '',
    Gateway: endpoint?.gateway ?? '',
    IPAddress: endpoint?.ipv4Address ?? '',
    IPPrefixLen: endpoint?.prefixLength ?? 0,
    IPv6Gateway: '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    DNSNames: parts.networks.isNamed(network) ? namesOn(container.definition, network) : null,
  };
}

function networkId(parts: ContainerParts, network: string): string {
  try {
    return parts.networks.get(network).Id;
  } catch {
    // Removed since: the container still names it.
    return '';
  }
}

/** The networks of a container by name. */
export function containerNetworks(
  parts: ContainerParts,
  container: Container,
): Record<string, EndpointSettings> {
  const names = networksOf(container.definition);
  return Object.fromEntries(names.map((name) => [name, endpointSettings(parts, container, name)]));
}

function networkSettings(parts: ContainerParts, container: Container): NetworkSettings {
  const networks = containerNetworks(parts, container);
  const bridge = networks.bridge;
  const ports: NetworkSettings['Ports'] = {};
  if (container.run !== undefined) {
    for (const port of Object.keys(container.definition.config.ExposedPorts ?? {})) ports[port] = null;
  }
  for (const endpoint of Object.values(container.state.endpoints)) {
    for (const port of endpoint.ports) {
      const key = `${port.containerPort}/${port.protocol}`;
      const row = { HostIp: port.hostIp === '' ? '0.0.0.0' : port.hostIp, HostPort: String(port.hostPort) };
      ports[key] = [...(ports[key] ?? []), row];
    }
  }
  return {
    Bridge: '',
    SandboxID: '',
    SandboxKey: container.run === undefined ? '' : `/proc/${container.run.shim.pid}/ns/net`,
    Ports: ports,
    HairpinMode: false,
    LinkLocalIPv6Address: '',
    LinkLocalIPv6PrefixLen: 0,
    SecondaryIPAddresses: null,
    SecondaryIPv6Addresses: null,
    EndpointID: bridge?.EndpointID ?? '',
    Gateway: bridge?.Gateway ?? '',
    GlobalIPv6Address: '',
    GlobalIPv6PrefixLen: 0,
    IPAddress: bridge?.IPAddress ?? '',
    IPPrefixLen: bridge?.IPPrefixLen ?? 0,
    IPv6Gateway: '',
    MacAddress: bridge?.MacAddress ?? '',
    Networks: networks,
  };
}

import { type Containers, openContainers } from './containers/containers.ts';
import { readHostLimits } from './containers/host-limits.ts';
import { ContainerRegistry } from './containers/registry.ts';
import { Events } from './events.ts';
import { openImages } from './images/image-store.ts';
import { openContainerTrees } from './layers/container-trees.ts';
import { openLayers } from './layers/layer-store.ts';
import { openLayerTrees } from './layers/layer-trees.ts';
import { openNetworks } from './network/linux-networks.ts';
import { readHostFacts } from './runtime/host-facts.ts';
import { openLog } from './runtime/log-reader.ts';
import { programPath } from './runtime/programs.ts';
import { openRuntime } from './runtime/shim-runtime.ts';
import type { EngineFiles } from './store/files.ts';
import { openRoot } from './store/root.ts';
import type { DaemonConfig } from './system/daemon-config.ts';
import type { Engine } from './system/engine.ts';
import { CpuMeter, readMachine } from './system/machine.ts';
import { registrySettings } from './system/registry-settings.ts';
import { Volumes } from './volumes/volumes.ts';

/** The desktop inside QEMU's user network. */
const desktop = { loopback: '10.0.2.2', resolver: '10.0.2.3' };

/** Opens every part of an engine, in the order of their needs, and takes over what an earlier engine left. */
export async function openEngine(options: {
  instance: string;
  bindSource: 'machine' | 'desktop';
  files: EngineFiles;
  config: DaemonConfig;
  /** Where daemon.json lies; certs.d is looked for beside it. */
  configDirectory: string | undefined;
  log: (text: string, error?: unknown) => void;
}): Promise<Engine> {
  const { instance, files, config, log } = options;
  const machine = readMachine();
  const host = readHostFacts();
  const events = new Events();
  const registry = new ContainerRegistry();
  const { id } = await openRoot(files);
  const unpackProgram = programPath('berth-unpack');
  const layerTrees = openLayerTrees({ files, unpackProgram });
  const layers = await openLayers({
    files,
    unpackProgram,
    ...(config['storage-driver'] === undefined ? {} : { driver: config['storage-driver'] }),
  });
  const images = await openImages({
    files,
    layers,
    events,
    registries: registrySettings(config, options.configDirectory),
  });
  const networks = await openNetworks({
    instance,
    files,
    ...(config.bip === undefined ? {} : { subnet: config.bip }),
    ...(config.mtu === undefined ? {} : { mtu: config.mtu }),
    ...(options.bindSource === 'desktop' ? { guardDesktop: desktop } : {}),
  });
  const volumes = await Volumes.open({
    files,
    events,
    users: registry.volumeUsers,
    discard: (path) => layers.discard(path),
  });
  const containers: Containers = await openContainers({
    instance,
    bindSource: options.bindSource,
    files,
    host,
    limits: readHostLimits(host.cgroupVersion),
    initProgram: programPath('berth-init'),
    hostname: () => machine.hostname,
    defaults: {
      logDriver: config['log-driver'],
      logOptions: config['log-opts'],
      dns: config.dns,
      dnsSearch: config['dns-search'],
      dnsOptions: config['dns-opts'],
    },
    registry,
    images,
    layers,
    containerTrees: openContainerTrees({ files, unpackProgram }),
    networks,
    volumes,
    runtime: openRuntime({ instance, files }),
    events,
    openLog,
    log,
  });
  const { cgroupVersion } = host;
  const started = { startedAt: new Date(), cpu: new CpuMeter() };
  const parts = { containers, images, layers, layerTrees, networks, volumes, events };
  return { instance, id, config, files, machine, cgroupVersion, ...started, ...parts };
}

import type { Events } from '../events.ts';
import type { Images } from '../images/images.ts';
import type { ContainerTrees } from '../layers/container-trees.ts';
import type { Layers } from '../layers/layers.ts';
import type { Networks } from '../network/network.ts';
import type { HostFacts } from '../runtime/bundle-request.ts';
import type { LogReader, Runtime } from '../runtime/runtime.ts';
import type { EngineFiles } from '../store/files.ts';
import type { Volumes } from '../volumes/volumes.ts';
import type { HostLimits } from './host-limits.ts';
import type { ContainerRegistry } from './registry.ts';
import type { KeptRemains } from './remains.ts';

/** What the folder's modules are given: the engine's other parts, by their interfaces. */
export interface ContainerParts {
  instance: string;
  /** Where paths of bind mounts lie: on this machine, or on a desktop that this engine cannot see. */
  bindSource: 'machine' | 'desktop';
  files: EngineFiles;
  host: HostFacts;
  limits: HostLimits;
  /** Path of berth-init. */
  initProgram: string;
  /** The machine's own name. */
  hostname: () => string;
  defaults: {
    logDriver: string;
    logOptions: Record<string, string>;
    dns: string[];
    dnsSearch: string[];
    dnsOptions: string[];
  };
  registry: ContainerRegistry;
  images: Images;
  layers: Layers;
  containerTrees: ContainerTrees;
  networks: Networks;
  volumes: Volumes;
  runtime: Runtime;
  events: Events;
  /** Reader of a container's log directory. */
  openLog: (directory: string) => LogReader;
  log: (text: string, error?: unknown) => void;
  /** What is kept of removed containers. */
  remains: KeptRemains;
}

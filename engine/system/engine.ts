import type { Containers } from '../containers/containers.ts';
import type { Events } from '../events.ts';
import type { Images } from '../images/images.ts';
import type { Layers, LayerTrees } from '../layers/layers.ts';
import type { Networks } from '../network/network.ts';
import type { EngineFiles } from '../store/files.ts';
import type { Volumes } from '../volumes/volumes.ts';
import type { DaemonConfig } from './daemon-config.ts';
import type { CpuMeter, Machine } from './machine.ts';

/** A running engine's parts, as its routes are given them. */
export interface Engine {
  instance: string;
  /** Identity for /info. */
  id: string;
  startedAt: Date;
  config: DaemonConfig;
  files: EngineFiles;
  machine: Machine;
  cpu: CpuMeter;
  cgroupVersion: 1 | 2;
  events: Events;
  containers: Containers;
  images: Images;
  layers: Layers;
  layerTrees: LayerTrees;
  networks: Networks;
  volumes: Volumes;
}

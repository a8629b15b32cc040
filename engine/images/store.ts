import type { Events } from '../events.ts';
import type { Layers } from '../layers/layers.ts';
import type { Registries } from '../registry/registries.ts';
import type { EngineFiles } from '../store/files.ts';
import type { ImageRecords } from './image-records.ts';
import type { Leases, Slots } from './leases.ts';
import type { ReferenceTable } from './reference-table.ts';
import type { SharedLayers } from './shared-layers.ts';

/** What the operations of this folder work on. */
export interface ImageStoreParts {
  files: EngineFiles;
  layers: Layers;
  events: Events;
  images: ImageRecords;
  references: ReferenceTable;
  leases: Leases;
  registries: Registries;
  /** Layers that arrive now, shared by the pulls that need them. */
  arriving: SharedLayers;
  /** Three layers at once, as in Docker (max-concurrent-downloads). */
  downloads: Slots;
  /** Five layers at once, as in Docker (max-concurrent-uploads). */
  uploads: Slots;
}

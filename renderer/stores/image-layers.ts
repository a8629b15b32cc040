import { create } from 'zustand';
import type { ImageLayers } from '../../engine/api/layers.ts';
import { engine } from '../bridge/index.ts';
import { useImages } from './images.ts';

/** The layers of every image, read once an image: an id names its contents. */
interface ImageLayersState {
  byId: ReadonlyMap<string, ImageLayers>;
}

export const useImageLayers = create<ImageLayersState>(() => ({ byId: new Map() }));

/** Requests at a time; more would wait in the browser's six connections and hold up everything else. */
const parallel = 3;

let reading = false;

/** Reads the layers of images that are new, and forgets those that are gone. */
export async function readImageLayers(): Promise<void> {
  if (reading) return;
  reading = true;
  try {
    const wanted = useImages.getState().images.map((image) => image.Id);
    const known = useImageLayers.getState().byId;
    const queue = wanted.filter((id) => !known.has(id));
    const read = new Map<string, ImageLayers>();
    const worker = async () => {
      for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
        try {
          read.set(id, await engine.images.layers(id));
        } catch {
          // An image that has just been removed; the next list does not name it.
        }
      }
    };
    await Promise.all(Array.from({ length: parallel }, worker));
    const kept = wanted.flatMap((id): [string, ImageLayers][] => {
      const layers = read.get(id) ?? known.get(id);
      return layers ? [[id, layers]] : [];
    });
    if (read.size > 0 || kept.length !== known.size) useImageLayers.setState({ byId: new Map(kept) });
  } finally {
    reading = false;
  }
}

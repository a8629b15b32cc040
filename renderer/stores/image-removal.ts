import { engine } from '../bridge/index.ts';
import { refetchImages } from './images.ts';

/** What a removal is asked of: every name of the image, or its id where it has none. */
export interface Removable {
  id: string;
  references: readonly string[];
}

/**
 * Removes an image by all its names; with the last one its layers go. Throws the engine's refusal; names that
 * went before it stay gone, and the list says so.
 */
export async function removeImage(image: Removable): Promise<void> {
  const names = image.references.filter((name) => name !== '<none>:<none>');
  try {
    for (const name of names.length > 0 ? names : [image.id]) await engine.images.remove(name);
  } finally {
    await refetchImages();
  }
}

import { useEffect, useState } from 'react';
import type { ImageInspect } from '../../../../engine/api/images.ts';
import { engine } from '../../../bridge/index.ts';
import { useImages } from '../../../stores/images.ts';

/** The image of that name, if it is on this machine. */
export function useImage(name: string): ImageInspect | undefined {
  const [found, setFound] = useState<{ name: string; image: ImageInspect }>();
  const images = useImages((state) => state.images);
  const wanted = name.trim();
  const here = images.some(
    (image) =>
      image.RepoTags?.some((tag) => tag === wanted || tag === `${wanted}:latest`) ||
      (wanted.length >= 12 && image.Id.replace('sha256:', '').startsWith(wanted.replace('sha256:', ''))),
  );
  useEffect(() => {
    if (!here) return;
    const controller = new AbortController();
    engine.images
      .inspect(wanted, { signal: controller.signal })
      .then((image) => setFound({ name: wanted, image }))
      // Removed meanwhile: the list will say so.
      .catch(() => undefined);
    return () => controller.abort();
  }, [wanted, here]);
  return here && found?.name === wanted ? found.image : undefined;
}

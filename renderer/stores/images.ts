import { create } from 'zustand';
import type { ImageSummary } from '../../engine/api/images.ts';
import { engine } from '../bridge/index.ts';
import { Refetcher } from './refetch.ts';

interface ImagesState {
  /** Newest first, as the engine lists them. */
  images: readonly ImageSummary[];
  /** When the list was last answered; undefined before the first answer. */
  readAtMs: number | undefined;
  failure: unknown;
}

export const useImages = create<ImagesState>(() => ({
  images: [],
  readAtMs: undefined,
  failure: undefined,
}));

const refetcher = new Refetcher(async () => {
  try {
    const images = await engine.images.list({ 'shared-size': true });
    useImages.setState({ images, readAtMs: Date.now(), failure: undefined });
  } catch (failure) {
    useImages.setState({ failure });
  }
});

/** An event named an image: the list is refetched within 100 ms. */
export const markImages = (): void => refetcher.mark();
export const refetchImages = (): Promise<void> => refetcher.now();

import { expect, test } from 'vitest';
import type { ImageLayers, LayerSummary } from '../../engine/api/layers.ts';
import { diskShares, reclaimedBytes } from './disk-shares.ts';

const layer = (diffId: string | null, sizeBytes: number): LayerSummary => ({
  number: 1,
  diffId,
  command: '',
  createdAt: null,
  sizeBytes,
  files: 0,
  directories: 0,
  added: 0,
  changed: 0,
  removed: 0,
  sharedWith: [],
});

const image = (imageId: string, ...layers: LayerSummary[]): ImageLayers => ({
  imageId,
  sizeBytes: layers.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  uniqueBytes: 0,
  layers,
});

const images = [
  image('web', layer('base', 10), layer('web', 5), layer(null, 0)),
  image('api', layer('base', 10), layer('api', 7)),
  image('old', layer('other', 3), layer('base', 10)),
];

test('the disk is divided once, by chains of layers', () => {
  const shares = diskShares(images, new Set(['web']));
  // `base` above `other` is not the `base` below `web`: unpacked layers share by prefix only.
  expect(shares).toMatchObject({ totalBytes: 35, usedBytes: 5, sharedBytes: 10, reclaimableBytes: 20 });
  expect(shares.byImage.get('web')).toEqual({ sizeBytes: 15, uniqueBytes: 5 });
  expect(shares.byImage.get('old')).toEqual({ sizeBytes: 13, uniqueBytes: 13 });
});

test('what removing gives back depends on who stays', () => {
  expect(reclaimedBytes(images, new Set(['api']))).toBe(7);
  expect(reclaimedBytes(images, new Set(['web', 'api']))).toBe(22);
});

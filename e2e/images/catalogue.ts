import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { busyboxImage } from './busybox.ts';
import { debianImages } from './debian.ts';
import { pushImage, type TestImage } from './push.ts';
import { startRegistry, type TestRegistry } from './registry.ts';

const projectDir = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const sources = ['busybox.ts', 'debian.ts', 'layer.ts', 'push.ts'];

/**
 * All test images, built once and kept in .cache/test-images while the code that makes them is the same.
 * `busybox:latest`, `debian:bookworm`, `nginx:latest`, `redis:latest`, `python:3.11`.
 */
export function testImages(): TestImage[] {
  const cache = join(projectDir, '.cache', 'test-images');
  const hash = createHash('sha256');
  for (const name of sources) hash.update(readFileSync(join(projectDir, 'e2e/images', name)));
  const wanted = hash.digest('hex');
  const record = join(cache, 'images.json');
  if (existsSync(record)) {
    const known = JSON.parse(readFileSync(record, 'utf8')) as { wanted: string; images: TestImage[] };
    const whole = known.images.every((image) => image.layers.every((layer) => existsSync(layer.file)));
    if (known.wanted === wanted && whole) return known.images;
  }
  rmSync(record, { force: true });
  mkdirSync(cache, { recursive: true });
  const images = [busyboxImage(join(cache, 'busybox')), ...debianImages(cache)];
  writeFileSync(record, JSON.stringify({ wanted, images }));
  return images;
}

/** A registry that serves all test images. */
export async function startTestRegistry(): Promise<TestRegistry> {
  const registry = await startRegistry();
  try {
    for (const image of testImages()) {
      await pushImage(registry, image);
    }
  } catch (error) {
    await registry[Symbol.asyncDispose]();
    throw error;
  }
  return registry;
}

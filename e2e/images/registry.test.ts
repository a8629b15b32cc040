import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { busyboxImage } from './busybox.ts';
import { pushImage } from './push.ts';
import { startRegistry } from './registry.ts';

test('the test registry serves what was pushed to it, the same digest each time', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'berth-images-'));
  await using registry = await startRegistry();
  const first = await pushImage(registry, busyboxImage(join(dir, 'a')));
  const second = await pushImage(registry, busyboxImage(join(dir, 'b'), 'again'), { oci: false });
  expect(second).toBe(first);
  const answer = await fetch(`http://${registry.address}/v2/busybox/manifests/latest`, {
    headers: { Accept: 'application/vnd.docker.distribution.manifest.v2+json' },
  });
  expect(answer.headers.get('docker-content-digest')).toBe(first);
  rmSync(dir, { recursive: true, force: true });
});

import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import * as z from 'zod';
import { writeFileAtomic } from '../atomic-file.ts';
import type { HostFiles } from '../files.ts';
import { MachineProblem } from './driver.ts';

const manifestSchema = z.object({
  format: z.literal(1),
  arch: z.enum(['x64', 'arm64']),
  kernelVersion: z.string(),
  commandLine: z.string(),
  files: z.record(z.string(), z.object({ sha256: z.string(), size: z.number() })),
});
export type ImageManifest = z.infer<typeof manifestSchema>;

/**
 * The image's manifest, once its files are there and whole. Contents are hashed when a file is another than at the
 * last check (`checkedFile`), sizes always. Throws `image-missing` or `image-damaged`.
 */
export async function checkImage(image: HostFiles['image'], checkedFile: string): Promise<ImageManifest> {
  if (!existsSync(image.manifest)) throw missing(image.manifest);
  const parsed = manifestSchema.safeParse(readJson(image.manifest));
  if (!parsed.success) throw damaged(image.manifest, parsed.error.message);
  const manifest = parsed.data;
  const files = [image.kernel, image.initramfs, image.system];
  const marks = files.map((file) => {
    const wanted = manifest.files[basename(file)];
    if (!existsSync(file)) throw missing(file);
    const { size, mtimeMs, ino } = statSync(file);
    if (size !== wanted?.size) throw damaged(file, `${size} bytes instead of ${wanted?.size}`);
    return `${file} ${size} ${mtimeMs} ${ino} ${wanted.sha256}`;
  });
  const checked = marks.join('\n');
  if (existsSync(checkedFile) && readFileSync(checkedFile, 'utf8') === checked) return manifest;
  for (const file of files) {
    const found = await sha256(file);
    if (found !== manifest.files[basename(file)]?.sha256) throw damaged(file, `sha256 ${found}`);
  }
  writeFileAtomic(checkedFile, checked);
  return manifest;
}

async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 }))
    hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function missing(file: string): MachineProblem {
  return new MachineProblem({ code: 'image-missing', params: { file } });
}

function damaged(file: string, detail: string): MachineProblem {
  return new MachineProblem({ code: 'image-damaged', params: { file }, detail });
}

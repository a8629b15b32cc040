import * as z from 'zod';

/** The desktop's settings, one file. Unknown keys are kept, so that an older host loses nothing. */
export const settings = z.looseObject({
  language: z.enum(['system', 'en', 'zh-CN']).default('system'),
  theme: z.enum(['system', 'light', 'dark']).default('system'),
  machine: z
    .looseObject({
      kind: z.enum(['qemu', 'wsl', 'server', 'local']).default('qemu'),
      cpus: z.number().int().min(1).optional(),
      memoryMiB: z.number().int().min(512).optional(),
      diskGiB: z.number().int().min(8).default(64),
    })
    .prefault({}),
  /** Passed to the engine's daemon.json as they are. */
  engine: z
    .looseObject({
      'insecure-registries': z.array(z.string()).default([]),
      debug: z.boolean().default(false),
    })
    .prefault({}),
});
export type Settings = z.infer<typeof settings>;

import type { ContainerConfig } from '../api/containers.ts';
import type { ImageConfig } from '../api/images.ts';

/** A container's config with what its image gives where the request says nothing, by Docker's rules. */
export function mergeImageConfig(asked: ContainerConfig, image: ImageConfig): ContainerConfig {
  const askedEntrypoint = asked.Entrypoint ?? null;
  const askedCommand = asked.Cmd ?? null;
  const noEntrypoint = askedEntrypoint === null || askedEntrypoint.length === 0;
  const command =
    noEntrypoint && (askedCommand === null || askedCommand.length === 0)
      ? (image.Cmd ?? askedCommand)
      : askedCommand;
  const entrypoint = askedEntrypoint ?? image.Entrypoint ?? null;
  return {
    ...asked,
    User: asked.User || (image.User ?? ''),
    ExposedPorts: mergeMaps(image.ExposedPorts, asked.ExposedPorts),
    Env: mergeEnv(asked.Env ?? [], image.Env ?? []),
    Labels: { ...(image.Labels ?? {}), ...(asked.Labels ?? {}) },
    Cmd: command,
    // `--entrypoint ""` arrives as one empty word and takes the image's away.
    Entrypoint: entrypoint?.length === 1 && entrypoint[0] === '' ? null : entrypoint,
    WorkingDir: asked.WorkingDir || (image.WorkingDir ?? ''),
    Volumes: mergeMaps(image.Volumes ?? undefined, asked.Volumes),
    Healthcheck: mergeHealthcheck(asked.Healthcheck, image.Healthcheck),
    StopSignal: asked.StopSignal || image.StopSignal || undefined,
    StopTimeout: asked.StopTimeout ?? image.StopTimeout ?? undefined,
    Shell: asked.Shell ?? image.Shell ?? undefined,
    OnBuild: asked.OnBuild ?? null,
  };
}

/** The request's entries come first; an image's entry stays where the request does not name its variable. */
function mergeEnv(asked: string[], image: string[]): string[] {
  const nameOf = (entry: string) => entry.split('=', 1)[0];
  const named = new Set(asked.map(nameOf));
  return [...asked, ...image.filter((entry) => !named.has(nameOf(entry)))];
}

function mergeMaps(
  image: Record<string, unknown> | undefined,
  asked: Record<string, unknown> | null | undefined,
): Record<string, unknown> | undefined {
  const merged = { ...(image ?? {}), ...(asked ?? {}) };
  return Object.keys(merged).length > 0 ? merged : undefined;
}

function mergeHealthcheck(
  asked: ContainerConfig['Healthcheck'],
  image: ImageConfig['Healthcheck'],
): ContainerConfig['Healthcheck'] {
  if (!asked) return image ?? undefined;
  if (!image) return asked;
  return {
    Test: asked.Test && asked.Test.length > 0 ? asked.Test : image.Test,
    Interval: asked.Interval || image.Interval,
    Timeout: asked.Timeout || image.Timeout,
    Retries: asked.Retries || image.Retries,
    StartPeriod: asked.StartPeriod || image.StartPeriod,
    StartInterval: asked.StartInterval || image.StartInterval,
  };
}

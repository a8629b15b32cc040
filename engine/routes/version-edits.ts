import type { ContainerInspect, ContainerSummary } from '../api/containers.ts';
import type { ImageInspect, ImageSummary } from '../api/images.ts';
import type { ApiVersion } from '../http/context.ts';

/**
 * The table of what older versions of the API call or shape differently. Answers are made in the newest shape and
 * edited here, once.
 */

/** Before 1.46 the list had no annotations; before 1.22 it had no mounts: below our minimum. */
export function downgradeSummary(row: ContainerSummary, version: ApiVersion): ContainerSummary {
  if (version.atLeast('1.46')) return row;
  return { ...row, HostConfig: { NetworkMode: row.HostConfig.NetworkMode } };
}

/** Before 1.44 the first network's MAC address stood in the config; before 1.45 aliases held the short id. */
export function downgradeInspect(answer: ContainerInspect, version: ApiVersion): ContainerInspect {
  let edited = answer;
  if (!version.atLeast('1.44')) {
    const mac = answer.NetworkSettings.MacAddress;
    edited = { ...edited, Config: { ...edited.Config, MacAddress: mac } };
  }
  return edited;
}

/** Before 1.51 containers were only counted where sizes were asked for; before 1.44 the size was given twice. */
export function downgradeImageSummary(
  row: ImageSummary,
  { version, sharedSize }: { version: ApiVersion; sharedSize: boolean },
): ImageSummary {
  const counted = version.atLeast('1.51') || sharedSize;
  return {
    ...row,
    ...(counted ? {} : { Containers: -1 }),
    ...(version.atLeast('1.44') ? {} : { VirtualSize: row.Size }),
  };
}

/** Fields of a container that the configs of images had too before 1.50; they never meant anything there. */
const containerFields = {
  Hostname: '',
  Domainname: '',
  AttachStdin: false,
  AttachStdout: false,
  AttachStderr: false,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Image: '',
};

/** Before 1.45 the container and config that an image was committed of were told; before 1.44 its size twice. */
export function downgradeImage(answer: ImageInspect, version: ApiVersion): ImageInspect {
  let edited = answer;
  if (!version.atLeast('1.50')) edited = { ...edited, Config: { ...containerFields, ...answer.Config } };
  if (!version.atLeast('1.45')) {
    const ContainerConfig = { ...containerFields, User: '', Env: null, Cmd: null, Labels: null };
    edited = { ...edited, ...{ Container: '', ContainerConfig } };
  }
  if (!version.atLeast('1.44')) edited = { ...edited, ...{ VirtualSize: answer.Size } };
  return edited;
}

import type { ContainerInspect, ContainerSummary } from '../api/containers.ts';
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

import type { HostConfig } from '../api/containers.ts';
import { BerthError } from '../errors.ts';

/**
 * Options that Docker knows and this engine cannot honour: refused by name, never dropped in silence.
 * Each row says when its option is really asked for; clients send empty values of everything.
 */
const refused: { option: string; asked: (config: HostConfig) => boolean; why?: string }[] = [
  {
    option: 'DeviceRequests',
    asked: (config) => isSet(config.DeviceRequests),
    why: 'could not select device driver "" with capabilities: [[gpu]]: Berth gives containers no GPUs (--gpus). Leave the option away, or name single devices by --device',
  },
  { option: 'Links', asked: (config) => isSet(config.Links) },
  { option: 'StorageOpt', asked: (config) => isSet(config.StorageOpt) },
  {
    option: 'VolumeDriver',
    asked: (config) => isSet(config.VolumeDriver) && config.VolumeDriver !== 'local',
  },
  { option: 'UsernsMode', asked: (config) => isSet(config.UsernsMode) && config.UsernsMode !== 'host' },
  { option: 'Isolation', asked: (config) => isSet(config.Isolation) && config.Isolation !== 'default' },
];

/** True for what a client means by a value, false for the empty values that the docker CLI sends. */
function isSet(value: unknown): boolean {
  if (value === null || value === undefined || value === '' || value === 0 || value === false) return false;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}

/** Throws refused-option for the first option that this engine cannot honour. */
export function refuseUnsupported(config: HostConfig): void {
  for (const { option, asked, why } of refused) {
    if (!asked(config)) continue;
    const name = `HostConfig.${option}`;
    const text = why ?? `Berth does not support the option ${name} yet`;
    throw new BerthError('refused-option', text, { option: name });
  }
}

import type { HostConfig } from '../api/containers.ts';
import type { HostLimits } from './host-limits.ts';
import { fitResources } from './limit-rules.ts';

/**
 * A container's host config without what this machine does not have, and a warning in Docker's words for each thing
 * that was left out: nothing is dropped in silence. Throws bad-parameter for what must not be left out.
 */
export function fitHostConfig<Config extends HostConfig & { NetworkMode: string }>(
  asked: Config,
  host: HostLimits,
): { hostConfig: Config; warnings: string[] } {
  const { limits: hostConfig, warnings } = fitResources(asked, host);
  const isProfile = (word: string) => /^apparmor[=:](?!unconfined$)/.test(word);
  const security = hostConfig.SecurityOpt ?? [];
  if (!host.apparmor && security.some(isProfile)) {
    warnings.push('Your kernel does not support AppArmor. AppArmor profile discarded.');
    hostConfig.SecurityOpt = security.filter((word) => !isProfile(word));
  }
  const publishes = hostConfig.PublishAllPorts || Object.keys(hostConfig.PortBindings ?? {}).length > 0;
  if (hostConfig.NetworkMode === 'host' && publishes) {
    warnings.push('Published ports are discarded when using host network mode');
  }
  return { hostConfig, warnings };
}

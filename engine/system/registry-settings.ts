import { join } from 'node:path';
import type { ImagesOptions } from '../images/images.ts';
import type { DaemonConfig } from './daemon-config.ts';

/** Where Docker keeps certificates of registries. */
const dockerCertificates = '/etc/docker/certs.d';

/**
 * How registries are reached: daemon.json first, then the environment (proxies), then Docker's own places
 * (certificates), so that what was set up for dockerd on a host goes on working.
 */
export function registrySettings(
  config: Pick<DaemonConfig, 'insecure-registries' | 'registry-mirrors' | 'proxies'>,
  configDirectory: string | undefined,
  environment: Record<string, string | undefined> = process.env,
): ImagesOptions['registries'] {
  const { proxies } = config;
  const fromEnvironment = (name: string) => environment[name] ?? environment[name.toLowerCase()] ?? '';
  return {
    insecure: config['insecure-registries'],
    mirrors: config['registry-mirrors'],
    certificateDirectories: [
      ...(configDirectory === undefined ? [] : [join(configDirectory, 'certs.d')]),
      dockerCertificates,
    ],
    proxies: {
      httpProxy: proxies['http-proxy'] ?? fromEnvironment('HTTP_PROXY'),
      httpsProxy: proxies['https-proxy'] ?? fromEnvironment('HTTPS_PROXY'),
      noProxy: proxies['no-proxy'] ?? fromEnvironment('NO_PROXY'),
    },
  };
}

import type { TestEngine } from '../engine.ts';
import { startFaultyRegistry } from '../faulty-registry.ts';
import { call, type Provocations, type Provoked } from './provocation.ts';

const pull = (engine: TestEngine, image: string): Promise<Provoked> =>
  call(engine, 'POST', `/images/create?fromImage=${encodeURIComponent(image)}&tag=latest`);

/** A pull of the image that a faulty registry has under this name. */
const faulty =
  (name: string) =>
  async ({ engine }: { engine: TestEngine }): Promise<Provoked> => {
    await using registry = await startFaultyRegistry();
    return await pull(engine, `${registry.domain}/${name}`);
  };

/** Registries that refuse, and what they may send. */
export const registries: Provocations = {
  // Nobody listens on the port of tcpmux.
  'registry-unreachable': ({ engine }) => pull(engine, '127.0.0.1:1/x'),
  'registry-insecure': async ({ engine }) => {
    const network = (await engine.api('GET', '/networks/bridge')).json();
    const gateway = (network as { IPAM: { Config: { Gateway: string }[] } }).IPAM.Config[0]?.Gateway;
    await using registry = await startFaultyRegistry(gateway);
    return await pull(engine, `${registry.domain}/x`);
  },
  'registry-denied': faulty('denied'),
  'registry-unauthorized': faulty('unauthorized'),
  'registry-rate-limited': faulty('limited'),
  'registry-not-found': faulty('missing'),
  'registry-failed': faulty('broken'),
  'no-platform': faulty('foreign'),
  'layer-truncated': faulty('truncated'),
  'digest-mismatch': faulty('mismatch'),
  'layer-invalid': faulty('invalid'),
};

import { type DockerCliName, dockerCli, dockerClis } from '../docker-clis.ts';

/**
 * Chooses the docker command of the engine tests before their first one: DOCKER_CLI is the name of a release in
 * docker-clis.ts (the newest unless said) or a path. The tests find the path in it.
 */
export async function setup(): Promise<void> {
  const chosen = process.env.DOCKER_CLI ?? 'newest';
  if (!Object.hasOwn(dockerClis, chosen)) return;
  const { program, version } = await dockerCli(chosen as DockerCliName);
  process.env.DOCKER_CLI = program;
  console.log(`docker command of these tests: ${version}`);
}

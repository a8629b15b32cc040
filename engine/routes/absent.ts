import { BerthError } from '../errors.ts';
import { type Handler, type Method, type Route, route } from '../http/router.ts';

const methods: Method[] = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'];
const swarmNouns = ['swarm', 'nodes', 'services', 'tasks', 'secrets', 'configs'];

/** What Docker has and this engine has not, answered as a Docker without it does. */
export function absentRoutes(): Route[] {
  const noSwarm: Handler = () => {
    throw new BerthError(
      'swarm-inactive',
      'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
    );
  };
  const swarm = swarmNouns.flatMap((noun) =>
    methods.flatMap((method) => [
      { method, pattern: `/${noun}`, handler: noSwarm },
      { method, pattern: `/${noun}/*rest`, handler: noSwarm },
    ]),
  );
  return [...swarm, route('GET', '/plugins', ({ reply }) => reply.json([]))];
}

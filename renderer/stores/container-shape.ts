import type { StateShape } from '../ui/state-icon.tsx';
import type { ContainerCondition } from './container-state.ts';

/** The shape that stands for a condition; its word is `common:condition.<condition>`. */
export const shapeOf: Record<ContainerCondition, StateShape> = {
  created: 'created',
  running: 'running',
  healthy: 'healthy',
  starting: 'busy',
  unhealthy: 'unhealthy',
  paused: 'paused',
  restarting: 'busy',
  removing: 'busy',
  exited: 'exited',
  failed: 'failed',
};

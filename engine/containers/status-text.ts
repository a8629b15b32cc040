import type { Container } from './container.ts';
import { neverTime } from './container-state.ts';

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** Docker's words for a length of time in seconds (units.HumanDuration of docker/go-units). */
export function durationText(seconds: number): string {
  if (seconds < 1) return 'Less than a second';
  if (seconds < 2) return '1 second';
  if (seconds < minute) return `${Math.floor(seconds)} seconds`;
  if (seconds < 2 * minute) return 'About a minute';
  if (seconds < hour) return `${Math.floor(seconds / minute)} minutes`;
  const hours = Math.floor(seconds / hour + 0.5);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  const days = Math.floor(seconds / day);
  if (hours < 24 * 7 * 2) return `${days} days`;
  if (hours < 24 * 30 * 2) return `${Math.floor(days / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.floor(days / 30)} months`;
  return `${Math.floor(days / 365)} years`;
}

/** The STATUS column of docker ps. */
export function statusText(container: Container, nowMs: number): string {
  const { state, status } = container;
  const since = (time: string) => durationText((nowMs - Date.parse(time)) / 1000);
  if (status === 'removing') return 'Removal In Progress';
  if (status === 'created') return 'Created';
  if (status === 'restarting') return `Restarting (${state.exitCode}) ${since(state.finishedAt)} ago`;
  if (status === 'exited') {
    return state.finishedAt === neverTime
      ? `Exited (${state.exitCode})`
      : `Exited (${state.exitCode}) ${since(state.finishedAt)} ago`;
  }
  const up = `Up ${since(state.startedAt)}`;
  if (status === 'paused') return `${up} (Paused)`;
  const health = state.health?.Status;
  if (health === undefined || health === 'none') return up;
  return `${up} (${health === 'starting' ? 'health: starting' : health})`;
}

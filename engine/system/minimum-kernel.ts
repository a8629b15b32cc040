import { StartRefused } from '../store/root.ts';

/** The oldest kernel that this engine runs containers on: mount_setattr's nosymfollow and cgroup.kill came with it. */
const minimum = [5, 14] as const;

/** Throws StartRefused, with a sentence, on a machine whose kernel is too old. `release` is that of uname(2). */
export function checkKernel(release: string): void {
  const [major = 0, minor = 0] = release.split('.').map(Number);
  if (major > minimum[0] || (major === minimum[0] && minor >= minimum[1])) return;
  throw new StartRefused(
    `this machine runs Linux ${release}; Berth needs ${minimum.join('.')} or newer. ` +
      'Use a newer system, or let Berth start a machine of its own.',
  );
}

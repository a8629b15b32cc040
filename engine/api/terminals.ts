import * as z from 'zod';

/**
 * Terminals: shells in containers that outlive their window, the host and the engine. Their output is kept in the
 * machine (the last one to two MiB), so that whoever opens one again sees what was printed meanwhile.
 *
 *   POST   /berth/containers/{id}/terminals   opens one: 201 Terminal. As exec: container-not-running, container-paused,
 *                                             command-not-found, command-not-executable, user-not-found
 *   GET    /berth/terminals                   all: Terminal[], oldest first
 *   GET    /berth/terminals/{id}              one: Terminal; exec-not-found
 *   POST   /berth/terminals/{id}/attach       Upgrade: tcp. What is kept of the output, then what comes, as raw bytes;
 *                                             what is sent is typed. Any number may be attached; it ends with the shell
 *   POST   /berth/terminals/{id}/resize?h=&w= rows and columns
 *   DELETE /berth/terminals/{id}              hangs up (SIGHUP, a moment later SIGKILL) and forgets it
 */
export const terminalRequest = z.object({
  /** Absent: bash, or sh where the image has no bash. */
  command: z.array(z.string()).min(1).nullish(),
  /** Absent: the container's. */
  user: z.string().nullish(),
  workingDirectory: z.string().nullish(),
  /** `NAME=value`, added to the container's. */
  environment: z.array(z.string()).nullish(),
  rows: z.number().int().min(1).max(65_535),
  columns: z.number().int().min(1).max(65_535),
});
export type TerminalRequest = z.infer<typeof terminalRequest>;

export interface Terminal {
  id: string;
  containerId: string;
  /** The command that runs: the shell that was found where none was asked for. */
  command: string[];
  /** As asked for; empty: the container's. */
  user: string;
  /** RFC 3339. */
  startedAt: string;
  running: boolean;
  /** Null while it runs; 255 where nobody saw its end. */
  exitCode: number | null;
}

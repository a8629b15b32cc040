import { linuxRows } from './linux.ts';
import { processRows } from './process.ts';
import { resourceRows } from './resources.ts';
import { foreignRows, rootRows } from './root.ts';
import type { Rows } from './row.ts';
import { seccompRows } from './seccomp.ts';

/** All fields, by their paths in config.json. */
export const rows: Rows = {
  ...rootRows,
  ...processRows,
  ...linuxRows,
  ...resourceRows,
  ...seccompRows,
  ...foreignRows,
};

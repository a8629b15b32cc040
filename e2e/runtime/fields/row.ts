import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { expect } from 'vitest';
import type { Spec, TestBundle } from '../bundle.ts';

/** One field of the runtime-spec's schema: what becomes of it, in a sentence, and the proof of the sentence. */
export interface Row {
  does: string;
  /** `bundle` has a fresh config.json. */
  proof: (bundle: TestBundle) => Promise<void>;
}

export type Rows = Record<string, Row>;

/** The field is read, and this shows in what a shell's line prints in the container. */
export function shows(
  does: string,
  change: (spec: Spec, bundle: TestBundle) => void,
  line: string,
  wanted: string | RegExp,
): Row {
  return {
    does,
    proof: async (bundle) => {
      const done = await bundle.sh(line, (spec) => change(spec, bundle));
      expect(done).toMatchObject({ code: 0 });
      if (typeof wanted === 'string') expect(done.stdout.trim()).toBe(wanted);
      else expect(done.stdout).toMatch(wanted);
    },
  };
}

/** As shows, with a command of the spec's own instead of a shell's line. */
export function prints(does: string, change: (spec: Spec) => void, wanted: string): Row {
  return {
    does,
    proof: async (bundle) => {
      bundle.edit(change);
      expect((await bundle.text('run', bundle.newId())).trim()).toBe(wanted);
    },
  };
}

/** The container is refused, with words that name the field. */
export function refused(does: string, change: (spec: Spec) => void, words: string | RegExp): Row {
  return { does, proof: (bundle) => expectRefusal(bundle, change, words) };
}

export async function expectRefusal(
  bundle: TestBundle,
  change: (spec: Spec) => void,
  words: string | RegExp,
): Promise<void> {
  const done = await bundle.sh('true', change);
  expect(done.code).toBe(1);
  expect(done.stderr).toMatch(words);
}

/** Whether cgroup version 2 is all there is. */
export const unified = existsSync('/sys/fs/cgroup/cgroup.controllers');

/** Whether the host has the controller, of either version. */
export function hasController(name: string): boolean {
  if (unified) return readFileSync('/sys/fs/cgroup/cgroup.controllers', 'utf8').split(/\s/).includes(name);
  return existsSync(`/sys/fs/cgroup/${name}`);
}

/**
 * A limit: where the host has the controller, the file of the container's group reads as `wanted`; where it has not,
 * asking for the limit is refused in words that name the controller.
 */
export function limits(options: {
  does: string;
  controller: string;
  change: (spec: Spec) => void;
  v1?: [file: string, wanted: string | RegExp];
  v2?: [file: string, wanted: string | RegExp];
}): Row {
  const { does, controller, change, v1, v2 } = options;
  return {
    does,
    proof: async (bundle) => {
      const name = unified ? (controller === 'blkio' ? 'io' : controller) : controller;
      const file = unified ? v2 : v1;
      const present = hasController(name) && file !== undefined && groupHas(name, file[0]);
      if (!present) {
        await expectRefusal(bundle, change, new RegExp(`${name}|${file?.[0] ?? 'version'}|network`));
        return;
      }
      const id = bundle.newId();
      bundle.edit(change);
      bundle.shell('sleep 1000');
      expect((await bundle.run(['run', '-d', id])).stderr).toBe('');
      const path = unified ? `/sys/fs/cgroup/${id}` : `/sys/fs/cgroup/${controller}/${id}`;
      const value = readFileSync(`${path}/${file[0]}`, 'utf8').trim();
      if (typeof file[1] === 'string') expect(value).toBe(file[1]);
      else expect(value).toMatch(file[1]);
      await bundle.text('delete', '-f', id);
    },
  };
}

/** Whether a group of this kernel has the file at all: the root of a hierarchy does not show all of them. */
function groupHas(controller: string, file: string): boolean {
  const group = `/sys/fs/cgroup/${unified ? '' : `${controller}/`}t-oci-probe-${process.pid}`;
  mkdirSync(group, { recursive: true });
  try {
    return existsSync(`${group}/${file}`);
  } finally {
    rmdirSync(group);
  }
}

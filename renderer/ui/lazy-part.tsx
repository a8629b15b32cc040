import { type ComponentType, lazy, useState } from 'react';

/** Waits before a part is asked for again, in ms. */
const retryMs = [100, 300, 1000, 3000];

/**
 * Loads a part of the page's code. A browser drops what it is fetching whenever the computer's network changes,
 * as it does with every container that starts, so a first failure says little.
 */
export async function loadPart<Module>(load: () => Promise<Module>): Promise<Module> {
  for (const waitMs of retryMs) {
    try {
      return await load();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }
  return load();
}

const soon: (() => Promise<unknown>)[] = [];
let loading = false;

/** Loads what most people open next, once there is nothing else to do. */
export function loadSoon(): void {
  loading = true;
  for (const load of soon) void load().catch(() => undefined);
}

/** What a part shows at its first rendering: itself if it is loaded already, else what waits for it. */
function Part<Props extends object>({ choose, props }: { choose: () => ComponentType<Props>; props: Props }) {
  // Chosen once: another type later would throw away what it holds.
  const [Chosen] = useState<ComponentType<Props>>(choose);
  return <Chosen {...props} />;
}

/**
 * A component as a chunk of its own. Once loaded it is there at its next first rendering without a pause; a plain
 * `lazy` would show its fallback for a moment even then. `soon` loads it in the background after the first screen.
 */
export function lazyPart<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  options: { soon?: boolean } = {},
): ComponentType<Props> {
  let loaded: ComponentType<Props> | undefined;
  const start = async () => {
    loaded ??= await loadPart(load);
    return { default: loaded };
  };
  if (options.soon) soon.push(start);
  // A part of a part comes after the others have been asked for.
  if (options.soon && loading) void start().catch(() => undefined);
  const Waiting = lazy(start);
  const choose = () => loaded ?? Waiting;
  return (props: Props) => <Part choose={choose} props={props} />;
}

import type * as z from 'zod';
import { resources, restartPolicy } from '../api/containers.ts';
import { writeJson } from '../store/json-file.ts';
import { applyLimits } from './cgroup-limits.ts';
import type { Container } from './container.ts';
import { publishContainer } from './container-events.ts';
import { checkResources, fitResources } from './limit-rules.ts';
import type { ContainerParts } from './parts.ts';
import { refuseUnsupported } from './refusals.ts';

/** Body of POST /containers/{id}/update: limits, and the restart policy. */
export const updateRequest = resources.extend({ RestartPolicy: restartPolicy.nullish() });

/** Changes limits and restart policy; a running container has them at once. Empty values change nothing, as in Docker. */
export async function updateContainer(
  parts: ContainerParts,
  container: Container,
  request: z.infer<typeof updateRequest>,
): Promise<{ Warnings: string[] | null }> {
  refuseUnsupported(request);
  const asked = Object.fromEntries(Object.entries(request).filter(([, value]) => !isEmpty(value))) as z.infer<
    typeof updateRequest
  >;
  if (asked.RestartPolicy && !asked.RestartPolicy.Name) delete asked.RestartPolicy;
  return await container.serial(async () => {
    const merged = { ...container.definition.hostConfig, ...asked };
    checkResources(merged, parts.host.cpus);
    const { limits: hostConfig, warnings } = fitResources(merged, parts.limits);
    if (container.run !== undefined) await applyLimits(parts, container, hostConfig);
    const definition = { ...container.definition, hostConfig };
    await writeJson(container.files.definition, definition, { durable: true });
    container.definition = definition;
    publishContainer(parts.events, container, 'update');
    return { Warnings: warnings.length > 0 ? warnings : null };
  });
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === 0 || value === '' || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

import type { Route } from '../http/router.ts';
import type { Engine } from '../system/engine.ts';
import { absentRoutes } from './absent.ts';
import { compareRoutes } from './compare.ts';
import { containerRoutes } from './containers.ts';
import { execRoutes } from './exec.ts';
import { imageRoutes } from './images.ts';
import { layerRoutes } from './layers.ts';
import { networkRoutes } from './networks.ts';
import { postMortemRoutes } from './post-mortem.ts';
import { processRoutes } from './processes.ts';
import { registryRoutes } from './registries.ts';
import { systemRoutes } from './system.ts';
import { terminalRoutes } from './terminals.ts';
import { volumeRoutes } from './volumes.ts';

/** The whole route table. A row with a fixed segment stands before one with a parameter at the same place. */
export function engineRoutes(engine: Engine): Route[] {
  return [
    ...systemRoutes(engine),
    ...containerRoutes(engine.containers),
    ...execRoutes(engine.containers),
    ...terminalRoutes(engine.containers),
    ...postMortemRoutes(engine.containers),
    ...processRoutes(engine.containers),
    ...registryRoutes(engine),
    ...imageRoutes(engine),
    ...layerRoutes(engine),
    ...compareRoutes(engine),
    ...volumeRoutes(engine),
    ...networkRoutes(engine),
    ...absentRoutes(),
  ];
}

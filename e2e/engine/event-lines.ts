import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { EventMessage } from '../../engine/api/system.ts';
import type { TestEngine } from './engine.ts';

/** Follows `docker events` from the engine's first event that is kept on. Dispose of it. */
export function followEvents(engine: TestEngine, ...filters: string[]): EventLines {
  const asked = filters.flatMap((filter) => ['--filter', filter]);
  return new EventLines(engine.spawnDocker(['events', '--since', '0', '--format', 'json', ...asked]));
}

export class EventLines {
  readonly #command: ChildProcess;
  readonly #events: EventMessage[] = [];
  #wake: () => void = () => {};

  constructor(command: ChildProcess & { stdout: NodeJS.ReadableStream }) {
    this.#command = command;
    createInterface(command.stdout).on('line', (line) => {
      this.#events.push(JSON.parse(line) as EventMessage);
      this.#wake();
    });
  }

  /** The next event that holds, those before it thrown away. */
  async next(holds: (event: EventMessage) => boolean): Promise<EventMessage> {
    for (;;) {
      for (let event = this.#events.shift(); event; event = this.#events.shift())
        if (holds(event)) return event;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The next event with this action. */
  async action(action: string): Promise<EventMessage> {
    return await this.next((event) => event.Action === action);
  }

  /** The actions of the next events, each with its type: `container start`. */
  async actions(count: number): Promise<string[]> {
    const found: string[] = [];
    while (found.length < count) {
      const { Type, Action } = await this.next(() => true);
      found.push(`${Type} ${Action}`);
    }
    return found;
  }

  [Symbol.dispose](): void {
    this.#command.kill();
  }
}

import { EventEmitter } from 'node:events';
import type { EventMessage, EventType } from './api/system.ts';

/** Events kept for `since`, as in Docker. */
const historyLength = 256;

/** The engine's event bus: publishes Docker's event messages and keeps the last 256 for GET /events?since=. */
export class Events {
  readonly #history: EventMessage[] = [];
  readonly #emitter = new EventEmitter({ captureRejections: false }).setMaxListeners(0);

  publish(type: EventType, action: string, id: string, attributes: Record<string, string> = {}): void {
    const nowMs = Date.now();
    const message: EventMessage = {
      ...(type === 'container' || type === 'image' ? { status: action, id } : {}),
      ...(type === 'container' && attributes.image !== undefined ? { from: attributes.image } : {}),
      Type: type,
      Action: action,
      Actor: { ID: id, Attributes: attributes },
      scope: 'local',
      time: Math.floor(nowMs / 1000),
      // Milliseconds are all the wall clock gives here; the low digits keep the order of events within one.
      timeNano: nowMs * 1e6,
    };
    this.#history.push(message);
    if (this.#history.length > historyLength) this.#history.shift();
    this.#emitter.emit('event', message);
  }

  history(): readonly EventMessage[] {
    return this.#history;
  }

  /** How many follow the events now. */
  get listenerCount(): number {
    return this.#emitter.listenerCount('event');
  }

  subscribe(listener: (message: EventMessage) => void): () => void {
    this.#emitter.on('event', listener);
    return () => this.#emitter.off('event', listener);
  }
}

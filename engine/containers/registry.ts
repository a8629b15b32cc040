import { BerthError } from '../errors.ts';
import type { ImageUsers } from '../images/images.ts';
import type { VolumeUsers } from '../volumes/volumes.ts';
import type { Container } from './container.ts';

/** The containers by id, prefix and name; names reserved by requests under way count as taken. */
export class ContainerRegistry {
  readonly #byId = new Map<string, Container>();
  readonly #idByName = new Map<string, string>();

  all(): Container[] {
    return [...this.#byId.values()];
  }

  add(container: Container): void {
    this.#byId.set(container.id, container);
    this.#idByName.set(container.name, container.id);
  }

  delete(container: Container): void {
    this.#byId.delete(container.id);
    this.releaseName(container.name, container.id);
  }

  isNameTaken(name: string): boolean {
    return this.#idByName.has(name);
  }

  /** Reserves a name for an id; throws container-name-taken in Docker's words. */
  reserveName(name: string, id: string): void {
    const owner = this.#idByName.get(name);
    if (owner !== undefined && owner !== id) {
      throw new BerthError(
        'container-name-taken',
        `Conflict. The container name "/${name}" is already in use by container "${owner}". You have to remove (or rename) that container to be able to reuse that name.`,
        { name, id: owner },
      );
    }
    this.#idByName.set(name, id);
  }

  releaseName(name: string, id: string): void {
    if (this.#idByName.get(name) === id) this.#idByName.delete(name);
  }

  find(reference: string): Container | undefined {
    const exact = this.#byId.get(reference);
    if (exact !== undefined) return exact;
    const named = this.#idByName.get(reference.replace(/^\//, ''));
    if (named !== undefined) return this.#byId.get(named);
    if (!/^[0-9a-f]{1,63}$/.test(reference)) return undefined;
    const matches = this.all().filter((container) => container.id.startsWith(reference));
    if (matches.length > 1) {
      throw new BerthError('container-ambiguous', `multiple IDs found with provided prefix: ${reference}`, {
        reference,
      });
    }
    return matches[0];
  }

  /** By id, name or unique prefix of the id; throws container-not-found in Docker's words. */
  get(reference: string): Container {
    const found = this.find(reference);
    if (found === undefined) {
      throw new BerthError('container-not-found', `No such container: ${reference}`, { id: reference });
    }
    return found;
  }

  readonly imageUsers: ImageUsers = {
    of: (imageId) =>
      this.all()
        .filter((container) => container.definition.imageId === imageId)
        .map((container) => ({ containerId: container.id, running: container.running })),
  };

  readonly volumeUsers: VolumeUsers = {
    of: (name) =>
      this.all()
        .filter((container) => container.definition.mounts.some((mount) => mount.name === name))
        .map((container) => container.id),
  };
}

import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { Volume } from '../api/volumes.ts';
import { BerthError, isErrno } from '../errors.ts';
import type { Events } from '../events.ts';
import type { EngineFiles } from '../store/files.ts';
import { makeDirectory, readJson, syncDirectory, writeJson } from '../store/json-file.ts';

/** volume.json. */
interface VolumeRecord {
  format: 1;
  createdAt: string;
  labels: Record<string, string> | null;
  /** Made by the engine for a container, without a name. */
  anonymous: boolean;
}

/** Who uses which volume; containers/ gives it. */
export interface VolumeUsers {
  /** Ids of the containers that mount the volume, stopped ones too. */
  of(name: string): string[];
}

export interface VolumesOptions {
  files: EngineFiles;
  events: Events;
  users: VolumeUsers;
  /** Renames a path into trash and deletes it behind. */
  discard: (path: string) => Promise<void>;
}

/** The engine's named volumes, one directory each: volumes/<name>/{volume.json,_data}. */
export class Volumes {
  readonly #options: VolumesOptions;
  readonly #records = new Map<string, VolumeRecord>();
  /** Names being made, so that two requests for one name make one volume. */
  readonly #making = new Map<string, Promise<void>>();

  private constructor(options: VolumesOptions) {
    this.#options = options;
  }

  static async open(options: VolumesOptions): Promise<Volumes> {
    const volumes = new Volumes(options);
    for (const name of await readdir(options.files.volumes)) {
      const record = (await readJson(options.files.volume(name).record)) as VolumeRecord | undefined;
      if (record !== undefined) volumes.#records.set(name, record);
    }
    return volumes;
  }

  /** The volume, made when it is not there (Docker's create is idempotent). Durable when this resolves. */
  async ensure(options: {
    name?: string;
    labels?: Record<string, string> | null;
    anonymous?: boolean;
  }): Promise<Volume> {
    const name = options.name || randomBytes(32).toString('hex');
    if (!this.#records.has(name)) {
      const making =
        this.#making.get(name) ??
        this.#make(name, {
          format: 1,
          createdAt: `${new Date().toISOString().slice(0, 19)}Z`,
          labels: options.labels ?? null,
          anonymous: options.anonymous ?? !options.name,
        }).finally(() => this.#making.delete(name));
      this.#making.set(name, making);
      await making;
    }
    return this.get(name);
  }

  async #make(name: string, record: VolumeRecord): Promise<void> {
    const { files, events } = this.#options;
    const half = join(files.tmp, `volume.${randomBytes(8).toString('hex')}`);
    await mkdir(half, { mode: 0o701 });
    makeDirectory(join(half, '_data'), 0o755);
    await writeJson(join(half, 'volume.json'), record, { durable: true });
    await rename(half, files.volume(name).dir);
    await syncDirectory(files.volumes);
    this.#records.set(name, record);
    events.publish('volume', 'create', name, { driver: 'local' });
  }

  has(name: string): boolean {
    return this.#records.has(name);
  }

  /** Throws volume-not-found in Docker's words. */
  get(name: string): Volume {
    const record = this.#records.get(name);
    if (record === undefined) {
      throw new BerthError('volume-not-found', `get ${name}: no such volume`, { name });
    }
    const labels =
      record.anonymous && record.labels === null ? { 'com.docker.volume.anonymous': '' } : record.labels;
    return {
      CreatedAt: record.createdAt,
      Driver: 'local',
      Labels: labels,
      Mountpoint: this.#options.files.volume(name).data,
      Name: name,
      Options: null,
      Scope: 'local',
    };
  }

  list(): Volume[] {
    return [...this.#records.keys()].sort().map((name) => this.get(name));
  }

  isAnonymous(name: string): boolean {
    return this.#records.get(name)?.anonymous ?? false;
  }

  usersOf(name: string): string[] {
    return this.#options.users.of(name);
  }

  /** Removes a volume that no container uses; `force` forgives a missing one. Durable when this resolves. */
  async remove(name: string, options: { force?: boolean } = {}): Promise<void> {
    if (!this.#records.has(name)) {
      if (options.force) return;
      throw new BerthError('volume-not-found', `get ${name}: no such volume`, { name });
    }
    const users = this.usersOf(name);
    if (users.length > 0) {
      throw new BerthError('volume-in-use', `remove ${name}: volume is in use - [${users.join(', ')}]`, {
        name,
        containers: users.join(', '),
      });
    }
    this.#records.delete(name);
    try {
      await this.#options.discard(this.#options.files.volume(name).dir);
    } catch (error) {
      if (!isErrno(error) || error.code !== 'ENOENT') throw error;
    }
    await syncDirectory(this.#options.files.volumes);
    this.#options.events.publish('volume', 'destroy', name, { driver: 'local' });
  }
}

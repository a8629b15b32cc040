import { BerthError } from '../errors.ts';
import { findImage } from './find.ts';
import type { StoredImage } from './image-records.ts';
import { isDigest, showName } from './reference-table.ts';
import type { ImageStoreParts } from './store.ts';

/** An image's history with its layers: what the layer explorer numbers, 1 being the oldest line. */
export interface NumberedImage {
  id: string;
  /** Chain ids (hex), base first. */
  chains: string[];
  sizeBytes: number;
  /** Bytes of layers that no other image has. */
  uniqueBytes: number;
  lines: ImageLine[];
}

export interface ImageLine {
  /** What the layer's number is in `chains`, from 1; undefined for a line that made no files. */
  level: number | undefined;
  diffId: string | null;
  command: string;
  createdAt: string | null;
  sizeBytes: number;
  /** Names of other images with the same layer at the same place; of one without a name its short id. */
  sharedWith: string[];
}

/** Throws image-not-found. */
export function numberLayers(parts: ImageStoreParts, reference: string): NumberedImage {
  const image = findImage(parts, reference);
  const others = parts.images.visible().filter((other) => other.id !== image.id);
  const size = (level: number) => parts.layers.record(image.layers[level - 1]!)?.sizeBytes ?? 0;
  const users = (level: number) =>
    others.filter((other) => other.layers[level - 1] === image.layers[level - 1]);
  const levels = image.layers.map((_, index) => index + 1);
  const sum = (counted: number[]) => counted.reduce((bytes, level) => bytes + size(level), 0);
  return {
    id: image.id,
    chains: image.layers,
    sizeBytes: sum(levels),
    uniqueBytes: sum(levels.filter((level) => users(level).length === 0)),
    lines: historyLines(image).map(({ level, command, createdAt }) => ({
      level,
      diffId: level === undefined ? null : (image.file.rootfs.diff_ids[level - 1] ?? null),
      command,
      createdAt,
      sizeBytes: level === undefined ? 0 : size(level),
      sharedWith: level === undefined ? [] : users(level).flatMap((other) => namesOf(parts, other)),
    })),
  };
}

/** The line with a number; throws layer-not-found. */
export function lineOf(image: NumberedImage, number: number | undefined): ImageLine {
  const line = image.lines[(number ?? 0) - 1];
  if (line === undefined) throw noLayer(image, String(number ?? ''));
  return line;
}

/** The layer that the file system stands on after the line with this number; 0 while there is none. */
export function levelUpTo(image: NumberedImage, number: number | undefined): number {
  lineOf(image, number);
  return image.lines.slice(0, number).reduce((level, line) => line.level ?? level, 0);
}

export function noLayer(image: NumberedImage, number: string): BerthError {
  const text = `image ${image.id} has no layer ${number}: it has ${image.lines.length}`;
  return new BerthError('layer-not-found', text, { layer: number });
}

type HistoryLine = Pick<ImageLine, 'level' | 'command' | 'createdAt'>;

/** The history's lines with their layers; layers that the history does not tell of follow without a command. */
function historyLines(image: StoredImage): HistoryLine[] {
  let level = 0;
  const told: HistoryLine[] = image.file.history.map((line) => {
    const hasLayer = !line.empty_layer && level < image.layers.length;
    return {
      level: hasLayer ? ++level : undefined,
      command: line.created_by || line.comment || '',
      createdAt: line.created ?? null,
    };
  });
  while (level < image.layers.length) told.push({ level: ++level, command: '', createdAt: null });
  return told;
}

function namesOf(parts: ImageStoreParts, image: StoredImage): string[] {
  const names = parts.references.namesOf(image.id).filter((name) => !isDigest(name));
  return names.length > 0 ? names.map(showName) : [image.id.slice('sha256:'.length, 19)];
}

import type { ProgressLine } from '../../engine/api/json-stream.ts';

/** What one layer of a pull does, in the order it goes through. */
export type LayerPhase =
  | 'waiting'
  | 'downloading'
  | 'retrying'
  | 'verifying'
  | 'downloaded'
  | 'extracting'
  | 'done'
  | 'here';

export interface PullLayer {
  /** Docker's short digest. */
  id: string;
  phase: LayerPhase;
  /** Compressed bytes received. */
  receivedBytes: number;
  /** Compressed size, once the registry has said it. */
  totalBytes: number | null;
  /** Share of the extraction, 0 to 1, as far as it is told. */
  extracted: number;
  /** Docker's words for a retry. */
  note?: string;
}

export interface PullProgress {
  layers: readonly PullLayer[];
  digest?: string;
  /** The image was here already, nothing was fetched. */
  upToDate: boolean;
}

export const noProgress: PullProgress = { layers: [], upToDate: false };

const phases: Record<string, LayerPhase> = {
  'Pulling fs layer': 'waiting',
  Waiting: 'waiting',
  Downloading: 'downloading',
  'Verifying Checksum': 'verifying',
  'Download complete': 'downloaded',
  Extracting: 'extracting',
  'Pull complete': 'done',
  'Already exists': 'here',
};

function phaseOf(status: string): LayerPhase | undefined {
  if (status.startsWith('Retrying in')) return 'retrying';
  return phases[status];
}

function advance(layer: PullLayer, phase: LayerPhase, line: ProgressLine): PullLayer {
  const { current, total } = line.progressDetail ?? {};
  const next: PullLayer = { ...layer, phase };
  delete next.note;
  if (phase === 'retrying' && line.status !== undefined) next.note = line.status;
  if (phase === 'downloading') {
    if (current !== undefined) next.receivedBytes = current;
    if (total !== undefined && total > 0) next.totalBytes = total;
  }
  if (phase === 'verifying' || phase === 'downloaded' || phase === 'extracting' || phase === 'done')
    next.receivedBytes = layer.totalBytes ?? layer.receivedBytes;
  if (phase === 'extracting' && current !== undefined && total) next.extracted = current / total;
  if (phase === 'done') next.extracted = 1;
  return next;
}

/** The progress after one line of Docker's stream. */
export function pullProgress(before: PullProgress, line: ProgressLine): PullProgress {
  const status = line.status ?? '';
  if (status.startsWith('Digest: ')) return { ...before, digest: status.slice('Digest: '.length) };
  if (status.startsWith('Status: Image is up to date')) return { ...before, upToDate: true };
  const phase = phaseOf(status);
  if (phase === undefined || line.id === undefined) return before;
  const at = before.layers.findIndex((layer) => layer.id === line.id);
  const old = before.layers[at] ?? {
    id: line.id,
    phase,
    receivedBytes: 0,
    totalBytes: null,
    extracted: 0,
  };
  const layer = advance(old, phase, line);
  return {
    ...before,
    layers: at < 0 ? [...before.layers, layer] : before.layers.with(at, layer),
  };
}

export interface PullTotals {
  receivedBytes: number;
  /** Of the layers whose size is known. */
  totalBytes: number;
  /** 0 to 1: receiving counts three quarters of a layer, extracting one. */
  share: number;
  layers: number;
  done: number;
}

const receivingWeight = 0.75;

function layerShare(layer: PullLayer): number {
  if (layer.phase === 'done' || layer.phase === 'here') return 1;
  const received = layer.totalBytes ? Math.min(1, layer.receivedBytes / layer.totalBytes) : 0;
  return received * receivingWeight + layer.extracted * (1 - receivingWeight);
}

/** Sums over the layers that have to be fetched. */
export function pullTotals({ layers }: PullProgress): PullTotals {
  const fetched = layers.filter((layer) => layer.phase !== 'here');
  const weight = (layer: PullLayer) => Math.max(1, layer.totalBytes ?? 1);
  const weights = fetched.reduce((sum, layer) => sum + weight(layer), 0);
  return {
    receivedBytes: fetched.reduce((sum, layer) => sum + layer.receivedBytes, 0),
    totalBytes: fetched.reduce((sum, layer) => sum + (layer.totalBytes ?? 0), 0),
    share:
      weights === 0
        ? 0
        : fetched.reduce((sum, layer) => sum + layerShare(layer) * weight(layer), 0) / weights,
    layers: layers.length,
    done: layers.filter((layer) => layer.phase === 'done' || layer.phase === 'here').length,
  };
}

export interface Reference {
  fromImage: string;
  /** A tag, or a digest with its algorithm. */
  tag: string;
}

/** Splits what people type, as the docker command does: the tag is after the last colon behind the last slash. */
export function splitReference(text: string): Reference {
  const typed = text.trim().replace(/^docker\s+(?:image\s+)?pull\s+/, '');
  const digest = typed.indexOf('@');
  if (digest > 0) return { fromImage: typed.slice(0, digest), tag: typed.slice(digest + 1) };
  const colon = typed.lastIndexOf(':');
  return colon > typed.lastIndexOf('/')
    ? { fromImage: typed.slice(0, colon), tag: typed.slice(colon + 1) || 'latest' }
    : { fromImage: typed, tag: 'latest' };
}

/** The reference in one word, as docker prints it. */
export function joinReference({ fromImage, tag }: Reference): string {
  return tag.includes(':') ? `${fromImage}@${tag}` : `${fromImage}:${tag}`;
}

/** One line of the JSON streams that Docker's pull, push, load, import and build answer with. */
export interface ProgressLine {
  status?: string;
  id?: string;
  progress?: string;
  progressDetail?: { current?: number; total?: number };
  stream?: string;
  aux?: Record<string, unknown>;
  error?: string;
  errorDetail?: { message: string; code?: number };
  /** Added by this engine: the coded form of `error`. */
  berth?: import('./errors.ts').ErrorBody['berth'];
}

import { LogEngine } from './log-engine.ts';
import type { FromLogWorker, RowWindow, ToLogWorker } from './protocol.ts';

/** The worker of one log: takes bytes, answers rows. Views are joined so that a flood costs one a frame. */

interface WorkerScope {
  postMessage(message: FromLogWorker): void;
  onmessage: ((event: MessageEvent<ToLogWorker>) => void) | null;
}
const scope = globalThis as unknown as WorkerScope;

/** Time between two views of a flood: 20 a second are smooth to read and leave the page its time. */
const viewEveryMs = 50;
const histogramEveryMs = 1000;
const histogramBuckets = 60;

const engine = new LogEngine();
let shown: RowWindow = { start: 'end', count: 60 };
const waiting = { view: false, histogram: false };

function sendView(): void {
  waiting.view = false;
  const state = engine.state();
  scope.postMessage({ type: 'view', state, ...engine.rows(shown) });
}

function sendHistogram(): void {
  waiting.histogram = false;
  const histogram = engine.histogram(histogramBuckets);
  if (histogram) scope.postMessage({ type: 'histogram', histogram });
}

function soon(): void {
  if (!waiting.view) setTimeout(sendView, viewEveryMs);
  if (!waiting.histogram) setTimeout(sendHistogram, histogramEveryMs);
  waiting.view = true;
  waiting.histogram = true;
}

function answer(request: number, line: number, index: number): void {
  scope.postMessage({ type: 'answer', request, row: engine.filter.indexOf(line), index });
}

function answerMatch(request: number, wanted: number): void {
  const { filter } = engine;
  if (filter.matches === 0) return;
  const index = ((wanted % filter.matches) + filter.matches) % filter.matches;
  answer(request, filter.match(index), index);
}

function answerNear(request: number, row: number): void {
  const { filter } = engine;
  if (filter.matches === 0 || filter.total === 0) return;
  const line = filter.lineAt(Math.min(row, filter.total - 1));
  const index = Math.min(filter.matchFrom(line), filter.matches - 1);
  answer(request, filter.match(index), index);
}

function handle(message: ToLogWorker): void {
  switch (message.type) {
    case 'open':
      engine.open(message.multiplexed, message.afterMs);
      break;
    case 'bytes':
      engine.push(message.bytes);
      soon();
      break;
    case 'closed':
      engine.close();
      sendHistogram();
      sendView();
      break;
    case 'clear':
      engine.clear();
      sendView();
      break;
    case 'query':
      engine.query(message.query);
      sendView();
      break;
    case 'window':
      shown = message.window;
      sendView();
      break;
    case 'match':
      answerMatch(message.request, message.index);
      break;
    case 'match-near':
      answerNear(message.request, message.row);
      break;
    case 'time':
      answer(message.request, engine.buffer.lineAt(message.timeMs), 0);
      break;
    case 'export':
      scope.postMessage({
        type: 'exported',
        request: message.request,
        blob: engine.export(message.withTimes),
      });
  }
}

scope.onmessage = (event) => handle(event.data);

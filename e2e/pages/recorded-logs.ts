/** Log lines as a container without a terminal writes them, in Docker's multiplexed frames. */

export interface LogLine {
  text: string;
  stderr?: boolean;
}

const startMs = Date.UTC(2026, 10, 21, 4, 12, 0, 114);
const stepMs = 407;

/** What a fresh container has written: every kind of line that the log view tells apart. */
export const recordedLines: readonly LogLine[] = [
  { text: 'INFO listening on :3000' },
  { text: 'INFO GET /products 200 18 ms' },
  { text: 'INFO GET /products/8841 200 24 ms' },
  { text: 'DEBUG cache hit key=product:8841' },
  { text: 'INFO POST /cart 201 31 ms shop=杭州' },
  { text: 'WARN slow query 412 ms: SELECT * FROM inventory WHERE sku = $1' },
  { text: 'INFO GET /checkout 200 12 ms' },
  { text: 'ERROR timeout after 3000 ms calling payments:8443', stderr: true },
  { text: '    at PaymentsClient.charge (src/payments.ts:88:11)', stderr: true },
  { text: '    at async checkout (src/routes/checkout.ts:41:5)', stderr: true },
  { text: 'INFO retry 1/3 in 200 ms' },
  { text: 'INFO POST /checkout 200 448 ms shop=无锡' },
  { text: 'INFO GET /assets/app-7f3c.js 304 2 ms' },
  { text: 'DEBUG cache miss key=product:1207' },
  { text: 'WARN payments:8443 timeout budget at 80%' },
  { text: 'INFO GET /healthz 200 1 ms' },
  { text: '{"level":"error","msg":"checkout failed","order":58291,"cause":"timeout after 3000 ms"}' },
  { text: '\u001b[32mINFO\u001b[0m session renewed ttl=1800' },
  { text: 'INFO GET /products/3310 200 17 ms' },
];

/** One line as a frame, stamped as if it was the `index`th. */
export function logFrame(line: LogLine, index: number): Buffer {
  const time = new Date(startMs + index * stepMs).toISOString().replace('Z', '000000Z');
  const text = Buffer.from(`${time} ${line.text}\n`);
  const header = Buffer.alloc(8);
  header[0] = line.stderr ? 2 : 1;
  header.writeUInt32BE(text.length, 4);
  return Buffer.concat([header, text]);
}

export function logFrames(lines: readonly LogLine[]): Buffer {
  return Buffer.concat(lines.map(logFrame));
}

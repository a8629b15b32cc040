/** Bytes of a file that a preview reads: more than anybody reads there, less than stalls the page. */
export const previewBytes = 128 * 1024;

const hexBytes = 512;
const hexRow = 16;

export interface FileText {
  text: string;
  binary: boolean;
}

function hexDump(bytes: Uint8Array): string {
  const rows: string[] = [];
  for (let at = 0; at < Math.min(bytes.length, hexBytes); at += hexRow) {
    const row = bytes.subarray(at, Math.min(at + hexRow, hexBytes));
    const hex = Array.from(row, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const text = Array.from(row, (byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.')).join(
      '',
    );
    rows.push(`${at.toString(16).padStart(8, '0')}  ${hex.padEnd(hexRow * 3 - 1)}  ${text}`);
  }
  return rows.join('\n');
}

/** Bytes as text, or as a hex dump where they are not UTF-8. A character cut by the read's end is left out. */
export function fileText(bytes: Uint8Array): FileText {
  if (!bytes.includes(0)) {
    for (let cut = 0; cut <= Math.min(3, bytes.length); cut++) {
      try {
        const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, bytes.length - cut));
        return { text, binary: false };
      } catch {
        // Perhaps the last character is cut.
      }
    }
  }
  return { text: hexDump(bytes), binary: true };
}

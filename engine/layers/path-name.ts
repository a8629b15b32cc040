import { isUtf8 } from 'node:buffer';
import type { PathName } from '../api/layers.ts';

/** A name or path for JSON: its text, and its exact bytes where they are no UTF-8. */
export function pathName(bytes: Uint8Array): PathName {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  return isUtf8(buffer) ? { text } : { text, base64: buffer.toString('base64') };
}

/** Bytes of an xattr as getfattr(1) shows them: as text, or as `0s` and base64. */
export function xattrText(value: Buffer): string {
  if (isUtf8(value) && !/[\x00-\x08\x0b-\x1f\x7f]/.test(value.toString('utf8')))
    return value.toString('utf8');
  return `0s${value.toString('base64')}`;
}

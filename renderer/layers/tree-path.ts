import type { PathName } from '../../engine/api/layers.ts';

/** A path inside a layer: as text, and exact where its bytes are not UTF-8. */
export type TreePath = PathName;

export const rootPath: TreePath = { text: '/' };

const encode = (text: string) => new TextEncoder().encode(text);
const fromBase64 = (text: string) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
const toBase64 = (bytes: Uint8Array) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
const bytesOf = (name: PathName) => (name.base64 === undefined ? encode(name.text) : fromBase64(name.base64));

/** The path of an entry of a directory. */
export function childPath(parent: TreePath, name: PathName): TreePath {
  const text = parent.text === '/' ? `/${name.text}` : `${parent.text}/${name.text}`;
  if (parent.base64 === undefined && name.base64 === undefined) return { text };
  const head = parent.text === '/' ? new Uint8Array() : bytesOf(parent);
  return { text, base64: toBase64(new Uint8Array([...head, 47, ...bytesOf(name)])) };
}

/** The query that names a path to the engine. */
export function pathQuery(path: TreePath): { path: string; pathBase64?: string } {
  return path.base64 === undefined ? { path: path.text } : { path: path.text, pathBase64: path.base64 };
}

/** A path's identity, whatever its bytes. */
export const pathKey = (path: TreePath): string => path.base64 ?? path.text;

/** The directories above a path, from the root down, the root included. */
export function ancestors(text: string): TreePath[] {
  const segments = text.split('/').filter(Boolean).slice(0, -1);
  let path = rootPath;
  return [
    path,
    ...segments.map((segment) => {
      path = childPath(path, { text: segment });
      return path;
    }),
  ];
}

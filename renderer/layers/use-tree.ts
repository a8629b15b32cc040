import { useCallback, useEffect, useMemo, useReducer, useRef } from 'react';
import type { TreePage } from '../../engine/api/layers.ts';
import { ancestors, pathKey, rootPath, type TreePath } from './tree-path.ts';
import type { Directory, TreeState } from './tree-rows.ts';
import type { TreeSort, TreeSource } from './tree-source.ts';

type Action =
  | { type: 'reset' }
  | { type: 'loading'; path: TreePath }
  | { type: 'page'; path: TreePath; page: TreePage }
  | { type: 'failed'; path: TreePath; error: unknown }
  | { type: 'expand'; keys: readonly string[]; expanded: boolean }
  | { type: 'rest'; key: string };

const emptyTree: TreeState = { directories: new Map(), expanded: new Set(), unfoldedRests: new Set() };
const unread: Directory = { entries: [], total: 0, loading: true, error: null };

function withDirectory(state: TreeState, path: TreePath, change: (old: Directory) => Directory): TreeState {
  const key = pathKey(path);
  return {
    ...state,
    directories: new Map(state.directories).set(key, change(state.directories.get(key) ?? unread)),
  };
}

function reduce(state: TreeState, action: Action): TreeState {
  switch (action.type) {
    case 'reset':
      return { ...emptyTree, expanded: state.expanded };
    case 'loading':
      return withDirectory(state, action.path, (old) => ({ ...old, loading: true, error: null }));
    case 'failed':
      return withDirectory(state, action.path, (old) => ({ ...old, loading: false, error: action.error }));
    case 'page': {
      const { entries, offset, total } = action.page;
      return withDirectory(state, action.path, (old) => ({
        entries: [...old.entries.slice(0, offset), ...entries],
        total,
        loading: false,
        error: null,
      }));
    }
    case 'expand': {
      const expanded = new Set(state.expanded);
      for (const key of action.keys) {
        if (action.expanded) expanded.add(key);
        else expanded.delete(key);
      }
      return { ...state, expanded };
    }
    case 'rest':
      return { ...state, unfoldedRests: new Set(state.unfoldedRests).add(action.key) };
  }
}

/** Directories that hold nothing but one directory are unfolded with it, at most this deep. */
const throughDepth = 4;

/** A lazily read tree. Directories are read when they unfold; `reload` reads what is unfolded anew. */
export function useTree(source: TreeSource, sort: TreeSort) {
  const [state, dispatch] = useReducer(reduce, emptyTree);
  const current = useRef(state);
  current.current = state;
  const abort = useRef(new AbortController());

  const read = useCallback(
    async (path: TreePath, offset = 0): Promise<TreePage | undefined> => {
      const { signal } = abort.current;
      dispatch({ type: 'loading', path });
      try {
        const page = await source.page(path, { offset, sort, signal });
        if (signal.aborted) return undefined;
        dispatch({ type: 'page', path, page });
        return page;
      } catch (error) {
        if (!signal.aborted) dispatch({ type: 'failed', path, error });
        return undefined;
      }
    },
    [source, sort],
  );

  const expand = useCallback(
    async (path: TreePath, expanded: boolean) => {
      dispatch({ type: 'expand', keys: [pathKey(path)], expanded });
      if (!expanded) return;
      let at = path;
      for (let depth = 0; depth < throughDepth; depth++) {
        if (current.current.directories.has(pathKey(at))) return;
        const page = await read(at);
        const only = page?.total === 1 ? page.entries[0] : undefined;
        if (only?.type !== 'directory' || only.mark === 'removed') return;
        at = { text: `${at.text === '/' ? '' : at.text}/${only.name.text}` };
        if (only.name.base64 !== undefined) return;
        dispatch({ type: 'expand', keys: [pathKey(at)], expanded: true });
      }
    },
    [read],
  );

  /** Unfolds everything above a path, so that its row is there. */
  const reveal = useCallback(
    async (text: string) => {
      const above = ancestors(text);
      dispatch({ type: 'expand', keys: above.map(pathKey), expanded: true });
      for (const path of above) if (!current.current.directories.has(pathKey(path))) await read(path);
    },
    [read],
  );

  const showRest = useCallback(
    (path: TreePath) => {
      const key = pathKey(path);
      const directory = current.current.directories.get(key);
      dispatch({ type: 'rest', key });
      const unfoldedBefore = current.current.unfoldedRests.has(key);
      if (
        directory &&
        directory.entries.length < directory.total &&
        (unfoldedBefore || directory.entries.length < 50)
      )
        void read(path, directory.entries.length);
    },
    [read],
  );

  const reload = useCallback(async () => {
    const open = [rootPath, ...[...current.current.expanded].map((text): TreePath => ({ text }))];
    for (const path of open) if (current.current.directories.has(pathKey(path))) await read(path);
  }, [read]);

  useEffect(() => {
    abort.current = new AbortController();
    const controller = abort.current;
    dispatch({ type: 'reset' });
    const openPaths = [...current.current.expanded].filter((key) => key.startsWith('/') && key !== '/');
    void (async () => {
      await read(rootPath);
      for (const text of openPaths) if (!controller.signal.aborted) await read({ text });
    })();
    return () => controller.abort();
  }, [read]);

  return useMemo(
    () => ({ state, expand, reveal, showRest, reload, retry: read }),
    [state, expand, reveal, showRest, reload, read],
  );
}

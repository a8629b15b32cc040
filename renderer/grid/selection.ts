/** What is selected in a list, and where a range would start from. */
export interface Selection {
  ids: ReadonlySet<string>;
  anchor: string | undefined;
}

export const noSelection: Selection = { ids: new Set(), anchor: undefined };

export function selectOne(id: string): Selection {
  return { ids: new Set([id]), anchor: id };
}

/** Adds or takes away one, as Ctrl or ⌘ click does. */
export function toggleOne(selection: Selection, id: string): Selection {
  const ids = new Set(selection.ids);
  if (!ids.delete(id)) ids.add(id);
  return { ids, anchor: id };
}

/** Selects from the anchor to `id` in the order of `order`, as Shift click and Shift + arrow do. */
export function selectRange(selection: Selection, order: readonly string[], id: string): Selection {
  const anchor = selection.anchor ?? id;
  const from = order.indexOf(anchor);
  const to = order.indexOf(id);
  if (from < 0 || to < 0) return selectOne(id);
  return { ids: new Set(order.slice(Math.min(from, to), Math.max(from, to) + 1)), anchor };
}

/** Drops what is no longer in the list. */
export function keepExisting(selection: Selection, order: readonly string[]): Selection {
  const known = new Set(order);
  if ([...selection.ids].every((id) => known.has(id))) return selection;
  return {
    ids: new Set([...selection.ids].filter((id) => known.has(id))),
    anchor: selection.anchor !== undefined && known.has(selection.anchor) ? selection.anchor : undefined,
  };
}

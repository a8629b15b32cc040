import { json } from '@codemirror/lang-json';
import { defaultHighlightStyle, foldGutter, syntaxHighlighting } from '@codemirror/language';
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search';
import { EditorState } from '@codemirror/state';
import { EditorView, keymap } from '@codemirror/view';
import { useEffect, useRef } from 'react';

const look = EditorView.theme({
  '&': { height: '100%', fontSize: '12px', backgroundColor: 'transparent', color: 'var(--color-text)' },
  '.cm-scroller': { fontFamily: 'var(--font-mono)', lineHeight: '18px' },
  '.cm-gutters': { backgroundColor: 'transparent', border: 'none', color: 'var(--color-text-3)' },
  '.cm-content span': { color: 'inherit' },
  '.cm-panels': { backgroundColor: 'var(--color-surface-2)', color: 'var(--color-text)' },
  '.cm-searchMatch': { backgroundColor: 'var(--color-mark)' },
  '.cm-foldPlaceholder': {
    backgroundColor: 'var(--color-idle-soft)',
    border: 'none',
    color: 'var(--color-text-2)',
  },
});

/** JSON to read, fold and search (Mod+F); not to change. */
export default function JsonView({ value, label }: { value: unknown; label: string }) {
  const host = useRef<HTMLDivElement>(null);
  const text = JSON.stringify(value, null, 2);
  useEffect(() => {
    if (!host.current) return;
    const view = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: text,
        extensions: [
          json(),
          syntaxHighlighting(defaultHighlightStyle),
          foldGutter(),
          search({ top: true }),
          highlightSelectionMatches(),
          keymap.of(searchKeymap),
          EditorState.readOnly.of(true),
          EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' }),
          look,
        ],
      }),
    });
    return () => view.destroy();
  }, [text, label]);
  return <div ref={host} className="min-h-0 flex-1 overflow-hidden" />;
}

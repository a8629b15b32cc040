const apple = /mac|iphone|ipad/i.test(navigator.platform);

/** Writes `Mod+K` as ⌘K on Apple systems and Ctrl+K elsewhere. */
export function keyText(keys: string): string {
  return apple ? keys.replace('Mod+', '⌘').replace('Shift+', '⇧') : keys.replace('Mod', 'Ctrl');
}

/** True when the event carries the system's command key. */
export function hasMod(event: { metaKey: boolean; ctrlKey: boolean }): boolean {
  return apple ? event.metaKey : event.ctrlKey;
}

export function Keys({ keys }: { keys: string }) {
  return (
    <kbd className="flex-none rounded-chip border border-line bg-idle-soft px-1.5 font-sans text-meta font-medium leading-[18px] text-text-2">
      {keyText(keys)}
    </kbd>
  );
}

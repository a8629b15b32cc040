import { ClipboardAddon } from '@xterm/addon-clipboard';
import { FitAddon } from '@xterm/addon-fit';
import { SearchAddon } from '@xterm/addon-search';
import { SerializeAddon } from '@xterm/addon-serialize';
import { UnicodeGraphemesAddon } from '@xterm/addon-unicode-graphemes';
import { WebLinksAddon } from '@xterm/addon-web-links';
import { type ITheme, Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';

/** Renderers in software: slower with WebGL (frames of 390 to 860 ms) than with the DOM (21 to 43 ms). */
const softwareRenderer = /swiftshader|llvmpipe|basic render/i;

function hasGraphicsProcessor(): boolean {
  const context = document.createElement('canvas').getContext('webgl2');
  const info = context?.getExtension('WEBGL_debug_renderer_info');
  if (!context || !info) return false;
  return !softwareRenderer.test(String(context.getParameter(info.UNMASKED_RENDERER_WEBGL)));
}

let graphics: boolean | undefined;

/** Draws by WebGL where that is real; goes back to the DOM when the context is lost. */
async function drawByGraphics(terminal: Terminal): Promise<void> {
  graphics ??= hasGraphicsProcessor();
  if (!graphics) return;
  const { WebglAddon } = await import('@xterm/addon-webgl');
  const addon = new WebglAddon();
  addon.onContextLoss(() => addon.dispose());
  terminal.loadAddon(addon);
}

function cssColour(name: string): string {
  // light-dark() is resolved by the browser: xterm needs the plain colour of the present theme.
  const probe = document.createElement('span');
  probe.style.color = `var(--color-${name})`;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}

/** The sixteen colours, each at least 4.5:1 on the terminal's ground of its theme. */
const darkPalette = {
  black: '#2a3037',
  red: '#ff8a8d',
  green: '#4cc38a',
  yellow: '#e8b44c',
  blue: '#70b8ff',
  magenta: '#d3a4ff',
  cyan: '#5fd0d6',
  white: '#c9d0d8',
  brightBlack: '#98a2ad',
  brightRed: '#ffb0b2',
  brightGreen: '#7fdcae',
  brightYellow: '#f4cd80',
  brightBlue: '#a3d2ff',
  brightMagenta: '#e4c6ff',
  brightCyan: '#93e4e8',
  brightWhite: '#eceef1',
};
const lightPalette = {
  black: '#15181c',
  red: '#be2328',
  green: '#14734a',
  yellow: '#8a5700',
  blue: '#0b62b0',
  magenta: '#8a3ab9',
  cyan: '#0a6b73',
  white: '#5c6570',
  brightBlack: '#454d57',
  brightRed: '#a81c21',
  brightGreen: '#0f5f3c',
  brightYellow: '#744900',
  brightBlue: '#084f8f',
  brightMagenta: '#702d98',
  brightCyan: '#075860',
  brightWhite: '#15181c',
};

function isDark(): boolean {
  const set = document.documentElement.dataset.theme;
  return set ? set === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
}

function theme(): ITheme {
  const dark = isDark();
  return {
    ...(dark ? darkPalette : lightPalette),
    background: cssColour('term'),
    foreground: cssColour('text'),
    cursor: cssColour('text'),
    cursorAccent: cssColour('term'),
    selectionBackground: dark ? '#3d3b7a' : '#cfcdf7',
  };
}

export interface ScreenEvents {
  onInput(bytes: Uint8Array<ArrayBuffer>): void;
  onResize(size: { columns: number; rows: number }): void;
  /** Ctrl+Shift+Esc: the keyboard leaves the terminal. */
  onLeave(): void;
  onFind(): void;
}

/**
 * One xterm with its element, outside React: views come and go, the element moves between them
 * and keeps its contents.
 */
export class Screen {
  readonly terminal: Terminal;
  readonly element = document.createElement('div');
  readonly search = new SearchAddon();
  readonly #fit = new FitAddon();
  readonly #serialize = new SerializeAddon();
  readonly #themeWatch: MutationObserver;
  readonly #media = matchMedia('(prefers-color-scheme: dark)');
  readonly #encoder = new TextEncoder();
  #opened = false;

  constructor(events: ScreenEvents) {
    this.element.className = 'size-full';
    this.terminal = new Terminal({
      allowProposedApi: true,
      fontFamily: getComputedStyle(document.documentElement).getPropertyValue('--font-mono') || 'monospace',
      fontSize: 13,
      lineHeight: 1.2,
      scrollback: 10_000,
      cursorBlink: !matchMedia('(prefers-reduced-motion: reduce)').matches,
      minimumContrastRatio: 4.5,
      theme: theme(),
    });
    const { terminal } = this;
    terminal.loadAddon(this.#fit);
    terminal.loadAddon(this.search);
    terminal.loadAddon(this.#serialize);
    terminal.loadAddon(new UnicodeGraphemesAddon());
    terminal.loadAddon(new ClipboardAddon());
    terminal.loadAddon(
      new WebLinksAddon((event, uri) => {
        event.preventDefault();
        window.open(uri, '_blank', 'noopener');
      }),
    );
    terminal.onData((text) => events.onInput(this.#encoder.encode(text)));
    terminal.onBinary((text) => events.onInput(Uint8Array.from(text, (char) => char.charCodeAt(0))));
    terminal.onResize(({ cols, rows }) => events.onResize({ columns: cols, rows }));
    terminal.attachCustomKeyEventHandler((event) => this.#key(event, events));
    this.#themeWatch = new MutationObserver(this.#retheme);
    this.#themeWatch.observe(document.documentElement, { attributeFilter: ['data-theme'] });
    this.#media.addEventListener('change', this.#retheme);
  }

  #retheme = () => {
    this.terminal.options.theme = theme();
  };

  /** Keys that belong to the app even inside a terminal; everything else goes to the shell. */
  #key(event: KeyboardEvent, events: ScreenEvents): boolean {
    if (event.type !== 'keydown' || event.isComposing) return true;
    if (event.ctrlKey && event.shiftKey && event.key === 'Escape') {
      events.onLeave();
      return false;
    }
    const appKey = (event.ctrlKey && event.shiftKey) || event.metaKey;
    if (appKey && event.key.toLowerCase() === 'f') {
      event.preventDefault();
      events.onFind();
      return false;
    }
    if (event.ctrlKey && event.shiftKey && event.key.toLowerCase() === 'c') {
      event.preventDefault();
      void navigator.clipboard.writeText(this.terminal.getSelection());
      return false;
    }
    // Ctrl+` shows and hides the dock; F6 goes to the next region.
    return !(event.ctrlKey && event.key === '`') && event.key !== 'F6';
  }

  /** Shows the terminal inside an element; the size follows from it. */
  attach(parent: HTMLElement): void {
    parent.append(this.element);
    if (!this.#opened) {
      this.#opened = true;
      this.terminal.open(this.element);
      void drawByGraphics(this.terminal);
    }
    this.fit();
  }

  detach(): void {
    this.element.remove();
  }

  fit(): void {
    if (this.element.isConnected && this.element.clientHeight > 0) this.#fit.fit();
  }

  get size(): { columns: number; rows: number } {
    return { columns: this.terminal.cols, rows: this.terminal.rows };
  }

  /** Writes and waits until xterm has taken it in: xterm drops what is more than 50 MB behind. */
  write(data: Uint8Array | string): Promise<void> {
    return new Promise((resolve) => this.terminal.write(data, resolve));
  }

  /** Contents with colours, as escape sequences. */
  contents(): string {
    return this.#serialize.serialize({ scrollback: 2000 });
  }

  dispose(): void {
    this.#themeWatch.disconnect();
    this.#media.removeEventListener('change', this.#retheme);
    this.terminal.dispose();
    this.element.remove();
  }
}

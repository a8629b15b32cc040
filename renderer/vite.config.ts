import { join } from 'node:path';
import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Builds the page into build/renderer, which the host serves; no development server is needed. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  plugins: [react(), tailwindcss()],
  build: {
    outDir: join(import.meta.dirname, '../build/renderer'),
    emptyOutDir: true,
    // Oldest engines with light-dark(), container queries and round(): both shell and browser mode have newer ones.
    target: ['chrome130', 'safari18', 'firefox130'],
    // The host's policy allows no inline script and no data: fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});

import { existsSync, renameSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import react from '@vitejs/plugin-react'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

const BASE = '/_wistro/workbench/'
const PAGE = fileURLToPath(new URL('../triggers/wistro_triggers/_workbench', import.meta.url))

/** Puts the page in its place once it is whole: until then the one before is served. */
function inPlace(): Plugin {
  const [next, before] = [`${PAGE}.new`, `${PAGE}.old`]
  return {
    name: 'in-place',
    apply: 'build',
    config: () => ({ build: { outDir: next, emptyOutDir: true } }),
    writeBundle() {
      rmSync(before, { recursive: true, force: true })
      if (existsSync(PAGE)) renameSync(PAGE, before)
      renameSync(next, PAGE)
      rmSync(before, { recursive: true, force: true })
    },
  }
}

// `npm run dev` asks the API of a project that `wistro dev` runs, in the name of its operator.
const api = process.env.WISTRO_API ?? 'http://localhost:3000'
const token = process.env.WISTRO_TOKEN ?? ''

export default defineConfig({
  base: BASE,
  plugins: [react(), inPlace()],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  build: {
    target: 'es2023',
    // Fonts and images stay files: the page's policy allows no `data:` fonts.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1600,
    license: { fileName: 'licenses.md' },
    rolldownOptions: {
      output: {
        // What most pages have in common comes in a few files rather than in a hundred.
        advancedChunks: {
          groups: [
            { name: 'vendor', test: /node_modules\/(react|react-dom|scheduler|react-router|@mantine|@floating-ui|@tanstack\/(react-)?query|zustand|openapi-)/ },
            { name: 'icons', test: /node_modules\/@tabler/ },
          ],
        },
      },
    },
  },
  worker: { format: 'es' },
  server: {
    host: '127.0.0.1',
    proxy: {
      '^/_wistro/(?!workbench/(src|node_modules|@|icon|$))': {
        target: api,
        ws: true,
        headers: token ? { authorization: `Bearer ${token}` } : {},
        bypass: (request) =>
          request.url?.startsWith(BASE) && !request.url.startsWith(`${BASE}nodes/`) ? request.url : undefined,
      },
    },
  },
  test: {
    projects: [
      { extends: true, test: { name: 'models', include: ['src/**/*.test.{ts,tsx}'], environment: 'node' } },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['tests/**/*.browser.ts'],
          environment: 'node',
          testTimeout: 150_000,
          hookTimeout: 180_000,
          expect: { poll: { timeout: 45_000 } },
          fileParallelism: false,
          // As in the Makefile: what failed once is said, and is an accident if it does not fail twice.
          retry: 1,
        },
      },
      {
        extends: true,
        test: {
          name: 'bench',
          include: ['bench/**/*.bench.ts'],
          environment: 'node',
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
})

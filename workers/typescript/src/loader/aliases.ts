/**
 * The package names that steps import, for projects that have not installed them: `wistro`, and
 * `motia`, whose types Motia's steps import. A project's own copy always wins.
 */
import module from 'node:module'
import { fileURLToPath } from 'node:url'

const OURS = new Map([
  ['wistro', 'index.js'],
  ['wistro/testing', 'testing/index.js'],
  ['motia', 'index.js'],
])

/** The file of this package that `specifier` stands for, for `import` or for `require`. */
export function ownFile(specifier: string, kind: 'import' | 'require'): string | null {
  const file = OURS.get(specifier)
  if (file === undefined) return null
  // This module runs from `dist/loader`; the files are beside that folder, those for CommonJS in `cjs`.
  return fileURLToPath(new URL(`../${kind === 'require' ? 'cjs/' : ''}${file}`, import.meta.url))
}

type ResolveFilename = (request: string, ...rest: unknown[]) => string

/** Make `require('wistro')` work wherever Node finds no such package. */
export function aliasRequire(): void {
  const loader = module as unknown as { _resolveFilename: ResolveFilename }
  const resolve = loader._resolveFilename
  loader._resolveFilename = function (this: unknown, request, ...rest) {
    try {
      return resolve.call(this, request, ...rest)
    } catch (error) {
      const file = ownFile(request, 'require')
      if (file === null || (error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error
      return file
    }
  }
}

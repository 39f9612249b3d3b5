/** Imports the user's files: TypeScript and JavaScript, ES modules and CommonJS. */
import { existsSync } from 'node:fs'
import module from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

import { register as registerRequire } from 'tsx/cjs/api'
import { register as registerImport } from 'tsx/esm/api'

import { aliasRequire } from './aliases.js'

let prepared = false

/** Set up Node's module loading for the project at `root`; once in a process. */
export function prepareModules(root: string): void {
  if (prepared) return
  prepared = true
  const tsconfig = nearest('tsconfig.json', root)
  // Both of tsx's registrations read it; by themselves they look for one from the working directory up.
  if (tsconfig !== null) process.env['TSX_TSCONFIG_PATH'] ??= tsconfig
  registerRequire()
  registerImport()
  aliasRequire()
  module.register(new URL('./hooks.js', import.meta.url))
  process.setSourceMapsEnabled(true)
}

/** What a module exports, by name; of a CommonJS module what it assigned to `module.exports`. */
export async function importModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  const found: Record<string, unknown> = { ...(await import(pathToFileURL(path).href)) }
  // Names that Node's lexer did not see in a CommonJS module are in its default export alone.
  for (let inner = found['default']; isObject(inner); inner = inner['default']) {
    for (const [name, value] of Object.entries(inner)) if (!(name in found)) found[name] = value
    if (inner['default'] === inner) break
  }
  return found
}

function nearest(name: string, folder: string): string | null {
  const file = join(folder, name)
  if (existsSync(file)) return file
  return dirname(folder) === folder ? null : nearest(name, dirname(folder))
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/**
 * What a step is made of: its file, the project's modules it imports, the files it includes.
 *
 * Imports are read, not observed: what an import names does not depend on which step was loaded
 * before. Modules imported for their types alone do not count.
 */
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'

import { build, type Metafile } from 'esbuild'

import { includedFiles } from './includes.js'

/** The modules of a project and what they import, for hashes of steps. */
export class Sources {
  readonly #root: string
  readonly #imports: ReadonlyMap<string, readonly string[]>
  readonly #hashes = new Map<string, string>()

  private constructor(root: string, imports: ReadonlyMap<string, readonly string[]>) {
    this.#root = root
    this.#imports = imports
  }

  /** Read what the files at `paths` (relative to `root`) import. */
  static async read(root: string, paths: readonly string[]): Promise<Sources> {
    const imports = new Map<string, readonly string[]>()
    for (const { inputs } of await graphs(root, paths)) {
      for (const [path, input] of Object.entries(inputs)) {
        const own = input.imports.filter(({ external }) => !external).map(({ path: to }) => to)
        imports.set(path, own)
      }
    }
    return new Sources(root, imports)
  }

  /** The hash of a step's sources; it changes when the step may behave differently. */
  hash(path: string, include: readonly string[] = []): string {
    const folder = dirname(resolve(this.#root, path))
    const included = include.flatMap((pattern) => includedFiles(folder, pattern))
    const names = [...this.#reached(path), ...included.map((file) => relative(this.#root, file))]
    const lines = [...new Set(names.map((name) => name.split(sep).join('/')))]
      .sort()
      .map((name) => `${this.#hashOf(name)} ${name}\n`)
    return createHash('sha256').update(lines.join('')).digest('hex')
  }

  #reached(path: string): Set<string> {
    const found = new Set<string>()
    const waiting = [path]
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if (found.has(next)) continue
      found.add(next)
      waiting.push(...(this.#imports.get(next) ?? []))
    }
    return found
  }

  #hashOf(name: string): string {
    const known = this.#hashes.get(name)
    if (known !== undefined) return known
    const path = join(this.#root, name)
    const content = statSync(path, { throwIfNoEntry: false })?.isFile() ? readFileSync(path) : ''
    const hash = createHash('sha256').update(content).digest('hex')
    this.#hashes.set(name, hash)
    return hash
  }
}

/** One graph of all files; when one of them is broken, one for each of the others. */
async function graphs(root: string, paths: readonly string[]): Promise<Metafile[]> {
  if (paths.length === 0) return []
  try {
    return [await graph(root, paths)]
  } catch {
    const each = await Promise.allSettled(paths.map((path) => graph(root, [path])))
    return each.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  }
}

async function graph(root: string, paths: readonly string[]): Promise<Metafile> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: paths.map((path) => `./${path}`),
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    write: false,
    outdir: '.',
    logLevel: 'silent',
    metafile: true,
    sourcemap: false,
  })
  return metafile
}

/** Loads and describes every step and stream file of a project. */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

import { SetupError } from '../errors.js'
import { findFiles } from '../loader/files.js'
import { Loader } from '../loader/index.js'
import { configToJson } from './configs.js'
import type { Declaration, DeclaredStep, DeclaredStream, LoadError } from './declaration.js'
import { Sources } from './sources.js'

/** How a project is discovered. */
export interface DiscoverOptions {
  /** Paths of files to leave out. */
  readonly skip?: readonly string[]
  /** Seconds that loading one file may take. */
  readonly limit?: number
  /** Told which file is about to be loaded. */
  readonly onFile?: (path: string) => void
}

/** The declaration of the project at `root`; a file that does not load is in its `errors`. */
export async function discover(root: string, options: DiscoverOptions = {}): Promise<Declaration> {
  const folder = resolve(root)
  const skipped = new Set(options.skip)
  const found = findFiles(folder)
  const steps = found.steps.filter((path) => !skipped.has(path))
  const streams = found.streams.filter((path) => !skipped.has(path))
  const sources = Sources.read(folder, [...steps, ...streams])
  const discovery = new Discovery(folder, options)
  const declared = {
    steps: await discovery.each(steps, (path) => discovery.step(path)),
    streams: await discovery.each(streams, (path) => discovery.stream(path)),
  }
  const hashes = await sources
  return {
    version: 1,
    language: 'node',
    steps: declared.steps.map((step) => ({
      ...step,
      hash: hashes.hash(step.path, texts(step.config['includeFiles'])),
    })),
    streams: declared.streams.map((stream) => ({ ...stream, hash: hashes.hash(stream.path) })),
    errors: discovery.errors,
  }
}

class Discovery {
  readonly errors: LoadError[] = []
  readonly #root: string
  readonly #loader: Loader
  readonly #options: DiscoverOptions

  constructor(root: string, options: DiscoverOptions) {
    this.#root = root
    this.#loader = new Loader(root)
    this.#options = options
  }

  /** One after the other, so that what goes wrong is known to be the fault of the file that loads. */
  async each<T>(paths: readonly string[], describe: (path: string) => Promise<T>): Promise<T[]> {
    const described: T[] = []
    for (const path of paths) {
      this.#options.onFile?.(path)
      try {
        described.push(await within(this.#options.limit, path, describe(path)))
      } catch (error) {
        if (!(error instanceof SetupError)) throw error
        this.errors.push(loadError(error, path, this.#line(path)))
      }
    }
    return described
  }

  async step(path: string): Promise<Omit<DeclaredStep, 'hash'>> {
    const step = await this.#loader.step(path)
    return {
      path,
      config: configToJson(step.config, join(this.#root, path), ['middleware']),
      has_handler: step.handler !== null,
      line: this.#line(path),
    }
  }

  async stream(path: string): Promise<Omit<DeclaredStream, 'hash'>> {
    const stream = await this.#loader.stream(path)
    return {
      path,
      config: configToJson(stream.config, join(this.#root, path), ['canAccess']),
      has_access: stream.canAccess !== null,
    }
  }

  /** Where the config stands, for errors of its fields. */
  #line(path: string): number | null {
    const lines = readFileSync(join(this.#root, path), 'utf8').split('\n')
    const index = lines.findIndex((line) => /\bconfig\b\s*(?::[^=]*)?=|\bconfig\s*:/.test(line))
    return index < 0 ? null : index + 1
  }
}

function loadError(error: SetupError, path: string, configLine: number | null): LoadError {
  return {
    path,
    error: error.message,
    hint: error.hint ?? null,
    line: error.line ?? (error.field === undefined ? null : configLine),
    field: error.field ?? null,
  }
}

/** Ends the wait for a file that awaits something without end. */
async function within<T>(limit: number | undefined, path: string, loading: Promise<T>): Promise<T> {
  if (limit === undefined) return loading
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(
        new SetupError(`\`${path}\` does not load: it is still loading after ${limit} s`, {
          hint: 'a step file is imported; keep what takes long inside a function',
          file: path,
        }),
      )
    }, limit * 1000)
  })
  try {
    return await Promise.race([loading, late])
  } finally {
    clearTimeout(timer)
  }
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

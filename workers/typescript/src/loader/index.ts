/** Loads step and stream files: their config, their handler, their middleware. */
import { resolve } from 'node:path'

import { SetupError } from '../errors.js'
import { explain } from './failures.js'
import { importModule, prepareModules } from './modules.js'
import { parserOf, type Parse } from './parsing.js'

/** A function of a step file, called with what its kind of step gets. */
export type Callable = (...given: readonly unknown[]) => unknown

/** A step file that was loaded. */
export interface LoadedStep {
  /** Relative to the project, with `/`. */
  readonly path: string
  /** As the file has it: schemas are zod's, say. */
  readonly config: Readonly<Record<string, unknown>>
  /** `null` for a noop. */
  readonly handler: Callable | null
  /** Functions `(request, context, next)` around the handler of an api step, the outermost first. */
  readonly middleware: readonly Callable[]
  /**
   * What makes the handler's input of a message (of the body, for an api step) that has passed its
   * JSON Schema: fills defaults in, transforms. `null` when the step declares no schema that can.
   */
  readonly parse: Parse | null
}

/** A stream file that was loaded. */
export interface LoadedStream {
  readonly path: string
  readonly config: Readonly<Record<string, unknown>>
  /** Says whether a client may subscribe. */
  readonly canAccess: Callable | null
}

export type { Parse } from './parsing.js'

/** Loads the files of one project; a file that was loaded is not loaded again. */
export class Loader {
  readonly root: string

  /** Sets up Node's module loading for the project at `root`: one project in a process. */
  constructor(root: string) {
    this.root = resolve(root)
    prepareModules(this.root)
  }

  /** The step at `path`, relative to the project; throws a `SetupError` that names file and line. */
  async step(path: string): Promise<LoadedStep> {
    const { config, exports } = await this.#load(path, 'step')
    const handler = exports['handler']
    const middleware = config['middleware']
    return {
      path,
      config,
      handler: isCallable(handler) && config['type'] !== 'noop' ? handler : null,
      middleware: Array.isArray(middleware) ? middleware.filter(isCallable) : [],
      parse: parserOf(config['type'] === 'api' ? config['bodySchema'] : config['input'], path),
    }
  }

  /** The stream at `path`, relative to the project; throws a `SetupError` that names file and line. */
  async stream(path: string): Promise<LoadedStream> {
    const { config } = await this.#load(path, 'stream')
    const canAccess = config['canAccess']
    return { path, config, canAccess: isCallable(canAccess) ? canAccess : null }
  }

  async #load(path: string, what: 'step' | 'stream') {
    try {
      const exports = await importModule(resolve(this.root, path))
      return { exports, config: configOf(exports['config'], path, what) }
    } catch (error) {
      throw explain(error, path, this.root)
    }
  }
}

function configOf(config: unknown, path: string, what: string): Readonly<Record<string, unknown>> {
  if (typeof config === 'object' && config !== null && !Array.isArray(config)) {
    return config as Readonly<Record<string, unknown>>
  }
  const found = config === undefined ? 'none' : `\`${JSON.stringify(config) ?? typeof config}\``
  throw new SetupError(`\`${path}\` has no config: expected an object called \`config\`, found ${found}`, {
    code: 'no_config',
    hint: `write \`export const config = { … }\` in the ${what} file`,
    file: path,
  })
}

function isCallable(value: unknown): value is Callable {
  return typeof value === 'function'
}

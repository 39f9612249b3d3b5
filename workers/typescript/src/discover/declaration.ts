/** The document that the discoverer prints, as `workers/contract` describes it. */

/** A step file that loads. */
export interface DeclaredStep {
  readonly path: string
  /** The config as JSON: schemas are JSON Schemas; without `middleware`. */
  readonly config: Readonly<Record<string, unknown>>
  readonly has_handler: boolean
  /** Of the file, the project's modules that it imports, and the files it includes. */
  readonly hash: string
  /** Where the config stands in the file, counted from 1. */
  readonly line: number | null
}

/** A stream file that loads. */
export interface DeclaredStream {
  readonly path: string
  readonly config: Readonly<Record<string, unknown>>
  readonly has_access: boolean
  readonly hash: string
}

/** Something that is wrong with a file. */
export interface LoadError {
  readonly path: string
  readonly error: string
  readonly hint: string | null
  readonly line: number | null
  readonly field: string | null
}

/** The step and stream files of a project: those that load, and those that do not. */
export interface Declaration {
  readonly version: 1
  readonly language: 'node'
  readonly steps: readonly DeclaredStep[]
  readonly streams: readonly DeclaredStream[]
  readonly errors: readonly LoadError[]
}

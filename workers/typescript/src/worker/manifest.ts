/** What the engine tells this worker to serve: `workers/contract/schemas/Manifest.json`. */

import { readFileSync } from 'node:fs'

import { SetupError } from '../errors.js'
import { CONTRACT_VERSION } from './contract.js'
import { messageOf } from './failures.js'
import { listed, Reader } from './reader.js'
import type { JsonSchema } from './shapes.js'

const KINDS = ['api', 'event', 'cron', 'call', 'noop'] as const
const LANGUAGES = ['python', 'node', 'go'] as const

type Schemas = Readonly<Record<string, JsonSchema | null>>

/** A task queue to poll. */
export interface ManifestQueue {
  readonly name: string
  /** How many attempts may run at the same time in this process. */
  readonly concurrency: number
  /** How many attempts may start in a second, over all workers. */
  readonly per_second: number | null
}

/** A step to serve; its id is the type of its activity. */
export interface ManifestStep {
  /** Its file, relative to the project. */
  readonly path: string
  readonly kind: (typeof KINDS)[number]
  readonly name: string
  readonly flows: readonly string[]
  /** The topics it subscribes to, with the schema of their messages. */
  readonly receives: Schemas
  /** The schema of what it is called with, when no topic brings it. */
  readonly input: JsonSchema | null
  /** The topics it declares, with the schema of its messages. */
  readonly emits: Schemas
  readonly body: JsonSchema | null
  readonly responses: Schemas
  readonly output: JsonSchema | null
  /** Names of errors that are never retried. */
  readonly terminal: readonly string[]
  /** Seconds that an attempt may take; 0: as long as it wants. */
  readonly timeout: number
}

/** A stream that handlers may use. */
export interface ManifestStream {
  readonly path: string
  /** Whose worker evaluates its access rule. */
  readonly language: (typeof LANGUAGES)[number]
  readonly schema: JsonSchema | null
  readonly has_access: boolean
}

/** Everything that this process needs to know about its project. */
export interface Manifest {
  readonly version: number
  readonly language: (typeof LANGUAGES)[number]
  readonly project: string
  readonly build: string
  readonly root: string
  /** Whether Motia's rules apply: what does not fit is noted and goes on. */
  readonly motia: boolean
  readonly queues: readonly ManifestQueue[]
  readonly steps: Readonly<Record<string, ManifestStep>>
  readonly streams: Readonly<Record<string, ManifestStream>>
  /** The schemas of what flows answer to those who call them, by flow. */
  readonly answers: Schemas
  /** The largest result, as JSON text. */
  readonly message_size: number
  readonly storage: { readonly path: string; readonly threshold: number }
  readonly key_file: string
  /** Seconds that deliveries get to finish when the worker is stopped. */
  readonly drain: number
}

/**
 * Load the manifest.
 *
 * @throws SetupError `bad_manifest`, `contract_version`
 */
export function loadManifest(file: string): Manifest {
  let document: unknown
  try {
    document = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw badManifest(`\`${file}\` cannot be read: ${messageOf(error)}`)
  }
  return readManifest(document)
}

/**
 * Read a manifest; members that are absent have their defaults, those that are unknown are ignored.
 *
 * @throws SetupError `bad_manifest` naming each odd member, `contract_version`
 */
export function readManifest(document: unknown): Manifest {
  const reader = new Reader(document)
  const version = reader.any('version')
  if (version !== CONTRACT_VERSION) throw otherVersion(version)
  const storage = reader.object('storage')
  const manifest: Manifest = {
    version,
    language: reader.oneOf('language', LANGUAGES),
    project: reader.text('project'),
    build: reader.text('build'),
    root: reader.text('root'),
    motia: reader.flag('motia'),
    queues: reader.objects('queues').map(readQueue),
    steps: Object.fromEntries(reader.named('steps').map(([id, step]) => [id, readStep(step)])),
    streams: Object.fromEntries(
      reader.named('streams').map(([name, stream]) => [name, readStream(stream)]),
    ),
    answers: reader.schemas('answers'),
    message_size: reader.number('message_size', 1),
    storage: { path: storage.text('path'), threshold: storage.number('threshold', 1) },
    key_file: reader.text('key_file'),
    drain: reader.number('drain'),
  }
  if (reader.issues.length > 0) throw badManifest(listed(reader.issues), reader.issues)
  return manifest
}

function readQueue(reader: Reader): ManifestQueue {
  return {
    name: reader.text('name'),
    concurrency: reader.number('concurrency', 1),
    per_second: reader.any('per_second') === null ? null : reader.number('per_second'),
  }
}

function readStep(reader: Reader): ManifestStep {
  return {
    path: reader.text('path'),
    kind: reader.oneOf('kind', KINDS),
    name: reader.text('name'),
    flows: reader.texts('flows'),
    receives: reader.schemas('receives'),
    input: reader.schema('input'),
    emits: reader.schemas('emits'),
    body: reader.schema('body'),
    responses: reader.schemas('responses'),
    output: reader.schema('output'),
    terminal: reader.texts('terminal'),
    timeout: reader.number('timeout'),
  }
}

function readStream(reader: Reader): ManifestStream {
  return {
    path: reader.text('path'),
    language: reader.oneOf('language', LANGUAGES),
    schema: reader.schema('schema'),
    has_access: reader.flag('has_access'),
  }
}

function badManifest(problem: string, issues: readonly object[] = []): SetupError {
  return new SetupError(`the manifest cannot be read: ${problem}`, {
    code: 'bad_manifest',
    hint: '`wistro dev` and `wistro start` write it, for workers of their own release',
    details: { issues },
  })
}

function otherVersion(version: unknown): SetupError {
  const found = version === null ? 'no version' : `version ${JSON.stringify(version)}`
  return new SetupError(
    `the manifest has ${found} of the worker contract, this worker speaks version ${CONTRACT_VERSION}`,
    { code: 'contract_version', hint: 'install one release of the engine and the workers' },
  )
}

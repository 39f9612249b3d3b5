/** What the engine tells this worker to serve: `workers/contract/schemas/Manifest.json`. */

import { readFileSync } from 'node:fs'

import { SetupError } from '../errors.js'
import { CONTRACT_VERSION } from './contract.js'
import type { JsonSchema } from './shapes.js'

/** A task queue to poll. */
export interface ManifestQueue {
  readonly name: string
  /** How many attempts may run at the same time in this process. */
  readonly concurrency: number
  /** How many attempts may start in a second, over all workers. */
  readonly per_second?: number | null
}

/** A step to serve; its id is the type of its activity. */
export interface ManifestStep {
  /** Its file, relative to the project. */
  readonly path: string
  readonly kind: string
  readonly name: string
  readonly flows?: readonly string[]
  /** The topics it subscribes to, with the schema of their messages. */
  readonly receives?: Readonly<Record<string, JsonSchema | null>>
  /** The schema of what it is called with, when no topic brings it. */
  readonly input?: JsonSchema | null
  /** The topics it declares, with the schema of its messages. */
  readonly emits?: Readonly<Record<string, JsonSchema | null>>
  readonly body?: JsonSchema | null
  readonly responses?: Readonly<Record<string, JsonSchema>>
  readonly output?: JsonSchema | null
  /** Names of errors that are never retried. */
  readonly terminal?: readonly string[]
  /** Seconds that an attempt may take; 0: as long as it wants. */
  readonly timeout: number
}

/** A stream that handlers may use. */
export interface ManifestStream {
  readonly path: string
  /** Whose worker evaluates its access rule. */
  readonly language: string
  readonly has_access?: boolean
}

/** Everything that this process needs to know about its project. */
export interface Manifest {
  readonly version: number
  readonly project: string
  readonly build: string
  readonly root: string
  readonly queues: readonly ManifestQueue[]
  readonly steps: Readonly<Record<string, ManifestStep>>
  readonly streams: Readonly<Record<string, ManifestStream>>
  /** The largest result, as JSON text. */
  readonly message_size: number
  readonly storage: { readonly path: string; readonly threshold: number }
  readonly key_file: string
  /** Seconds that deliveries get to finish when the worker is stopped. */
  readonly drain: number
}

/**
 * Read the manifest. The engine wrote it, so only what an older or newer engine may have done
 * differently is checked.
 *
 * @throws SetupError
 */
export function readManifest(file: string): Manifest {
  let found: Partial<Manifest>
  try {
    found = JSON.parse(readFileSync(file, 'utf8')) as Partial<Manifest>
  } catch (error) {
    throw new SetupError(`the manifest \`${file}\` cannot be read: ${String(error)}`, {
      code: 'bad_manifest',
      hint: '`wistro dev` and `wistro start` write it; pass its path with `--manifest`',
    })
  }
  const version = found.version ?? CONTRACT_VERSION
  if (version !== CONTRACT_VERSION) {
    throw new SetupError(
      `the manifest \`${file}\` is of version ${version} of the worker contract, ` +
        `this worker speaks version ${CONTRACT_VERSION}`,
      { code: 'contract_version', hint: 'update the engine and the workers to the same release' },
    )
  }
  const { steps = {}, streams = {} } = found
  return { ...(found as Manifest), version, steps, streams }
}

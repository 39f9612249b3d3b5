/** Key files: where keys are found, who may read them, and how a rotation reaches a running process. */

import { closeSync, fstatSync, openSync, readFileSync, statSync } from 'node:fs'

import { CodecError } from './errors.js'
import { parseKeys } from './keyFormat.js'
import type { FlowKey, Keys } from './keys.js'

const INLINE_VARIABLE = 'WISTRO_KEYS'
const PATH_VARIABLE = 'WISTRO_KEYS_FILE'
const REFRESH_MS = 1000

/**
 * Find the keys of this process: `WISTRO_KEYS` (the text of a key file, for containers that get
 * secrets as variables), `WISTRO_KEYS_FILE` (a path), `defaultPath`, in this order.
 *
 * @throws CodecError `key_file_missing`, `key_file_permissions` or `key_file_invalid`.
 */
export function loadKeys(
  defaultPath: string,
  environment: NodeJS.ProcessEnv = process.env,
  complain: (message: string) => void = console.error,
): Keys {
  const inline = environment[INLINE_VARIABLE]
  if (inline) return parseKeys(inline, `the variable ${INLINE_VARIABLE}`)
  return new KeyFile(environment[PATH_VARIABLE] || defaultPath, complain)
}

/**
 * Keys kept in a file, followed while it changes.
 *
 * A rotation reaches this process within a second, and at once when it meets a payload under a key
 * that it has not seen. Making key files is the engine's business: a worker reads them.
 */
export class KeyFile implements Keys {
  #keys: Keys
  #stamp: string
  #checked = performance.now()

  constructor(
    private readonly path: string,
    private readonly complain: (message: string) => void = console.error,
  ) {
    ;({ keys: this.#keys, stamp: this.#stamp } = read(path))
  }

  active(flow: string, tenant?: string): FlowKey {
    const now = performance.now()
    if (now - this.#checked > REFRESH_MS) {
      this.#checked = now
      this.#refresh()
    }
    return this.#keys.active(flow, tenant)
  }

  get(keyId: string): FlowKey {
    try {
      return this.#keys.get(keyId)
    } catch (error) {
      const unknown = error instanceof CodecError && error.code === 'key_unknown'
      if (!unknown || !this.#refresh()) throw error
      return this.#keys.get(keyId)
    }
  }

  oldest(flow: string, tenant?: string): FlowKey {
    return this.#keys.oldest(flow, tenant)
  }

  #refresh(): boolean {
    try {
      if (stampOf(statSync(this.path)) === this.#stamp) return false
      ;({ keys: this.#keys, stamp: this.#stamp } = read(this.path))
      return true
    } catch (error) {
      // The keys in hand are still good; the process must not fall over a bad edit.
      this.complain(`the key file \`${this.path}\` cannot be read again: ${String(error)}`)
      return false
    }
  }
}

function read(path: string): { keys: Keys; stamp: string } {
  const file = open(path)
  try {
    // The open file is asked, not its path, so that nothing can be swapped in between.
    const status = fstatSync(file)
    if ((status.mode & 0o077) !== 0) {
      throw badPermissions(path, `has the mode 0${(status.mode & 0o777).toString(8)}`)
    }
    return { keys: parseKeys(readFileSync(file, 'utf8'), `\`${path}\``), stamp: stampOf(status) }
  } finally {
    closeSync(file)
  }
}

function open(path: string): number {
  try {
    return openSync(path, 'r')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT') throw badPermissions(path, `cannot be read (${code})`)
    throw new CodecError(
      'key_file_missing',
      `The key file \`${path}\` is not there.`,
      `mount it, correct ${PATH_VARIABLE}, or start the engine, which makes the project's own`,
      true,
    )
  }
}

function stampOf(status: { ino: number; mtimeMs: number; size: number }): string {
  return `${status.ino}/${status.mtimeMs}/${status.size}`
}

function badPermissions(path: string, problem: string): CodecError {
  return new CodecError(
    'key_file_permissions',
    `The key file \`${path}\` ${problem}; only its owner may be able to read it.`,
    `run \`chmod 600 ${path}\`, or pass its text in ${INLINE_VARIABLE}`,
  )
}

/** External storage: payloads too large for Temporal, kept as files under their content's hash. */

import { createHash, randomBytes } from 'node:crypto'
import { access, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'

import {
  type Payload,
  type StorageDriver,
  StorageDriverClaim,
  type StorageDriverRetrieveContext,
  type StorageDriverStoreContext,
} from '@temporalio/common'
import proto from '@temporalio/proto'

import { CodecError } from './errors.js'

const CLAIM_FIELD = 'sha256'
const DIGEST = /^[0-9a-f]{64}$/
const PayloadMessage = proto.temporal.api.common.v1.Payload

/**
 * Keeps payloads as files in a folder that all processes of a project share.
 *
 * A payload is stored before the reference to it is sent, and never changes: a file appears whole and
 * on disk, or not at all. Nothing is deleted: a file is needed for as long as Temporal keeps the
 * history that refers to it.
 */
export class LocalStorageDriver implements StorageDriver {
  readonly name = 'wistro.local'
  readonly type = 'wistro.local'

  constructor(private readonly folder: string) {}

  /** Write payloads and return their hashes as claims. */
  async store(
    _context: StorageDriverStoreContext,
    payloads: Payload[],
  ): Promise<StorageDriverClaim[]> {
    return Promise.all(payloads.map((payload) => this.#store(payload)))
  }

  /**
   * Read payloads back.
   *
   * @throws CodecError `storage_missing`, `storage_corrupt` or `storage_reference_invalid`.
   */
  async retrieve(
    _context: StorageDriverRetrieveContext,
    claims: StorageDriverClaim[],
  ): Promise<Payload[]> {
    return Promise.all(claims.map((claim) => this.#retrieve(claim)))
  }

  async #store(payload: Payload): Promise<StorageDriverClaim> {
    const data = PayloadMessage.encode(payload).finish()
    const digest = createHash('sha256').update(data).digest('hex')
    const file = this.#path(digest)
    if (!(await exists(file))) await this.#write(file, data)
    return new StorageDriverClaim({ [CLAIM_FIELD]: digest })
  }

  async #write(file: string, data: Uint8Array): Promise<void> {
    const folder = path.dirname(file)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const draft = path.join(folder, `.${randomBytes(8).toString('hex')}`)
    try {
      const opened = await open(draft, 'wx', 0o600)
      try {
        await opened.writeFile(data)
        await opened.sync()
      } finally {
        await opened.close()
      }
      await rename(draft, file)
    } finally {
      await rm(draft, { force: true })
    }
    await sync(folder)
    await sync(this.folder)
  }

  async #retrieve(claim: StorageDriverClaim): Promise<Payload> {
    const digest = claim.claimData[CLAIM_FIELD] ?? ''
    // The claim comes out of a history: it must not be able to name any other file.
    if (!DIGEST.test(digest)) {
      throw new CodecError(
        'storage_reference_invalid',
        `The storage reference cannot be followed: a claim with a \`${CLAIM_FIELD}\` of 64 hex digits` +
          ' was expected.',
        'configure the storage driver that the payload was written with',
      )
    }
    const data = await this.#read(digest)
    if (createHash('sha256').update(data).digest('hex') !== digest) {
      throw corrupt(`The stored payload \`${digest}\` does not have that hash any more.`)
    }
    try {
      return PayloadMessage.decode(data)
    } catch {
      throw corrupt(`The stored file \`${digest}\` holds no Temporal payload.`)
    }
  }

  async #read(digest: string): Promise<Uint8Array> {
    try {
      return await readFile(this.#path(digest))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      throw new CodecError(
        'storage_missing',
        `The stored payload \`${digest}\` is not in \`${this.folder}\`.`,
        'every process of a project must see the same storage folder',
        true,
      )
    }
  }

  #path(digest: string): string {
    return path.join(this.folder, digest.slice(0, 2), digest.slice(2))
  }
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}

async function sync(folder: string): Promise<void> {
  const opened = await open(folder, 'r')
  try {
    await opened.sync()
  } finally {
    await opened.close()
  }
}

function corrupt(message: string): CodecError {
  return new CodecError(
    'storage_corrupt',
    message,
    'restore the file from a backup of the storage folder',
  )
}

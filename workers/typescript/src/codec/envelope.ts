/**
 * The envelope: bytes sealed with AES-256-GCM under a flow key.
 *
 *     version (1) | flags (1) | nonce (12) | ciphertext | tag (16)
 *
 * Version and flags are authenticated together with the key id. `SPEC.md` section 4.
 */

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import zlib from 'node:zlib'

import { CodecError } from './errors.js'
import type { FlowKey } from './keys.js'

export const VERSION = 1
export const FLAG_DEFLATE = 1
/** Plaintexts of at least so many bytes are compressed when that makes them smaller. */
export const COMPRESS_FROM = 4 * 1024
export const MAX_PLAINTEXT = 64 * 1024 * 1024

const HEADER = 2
const NONCE = 12
const TAG = 16
const SMALLEST = HEADER + NONCE + TAG
const CIPHER = 'aes-256-gcm'
// Level 1 is several times faster than the default, for JSON that comes out about a fifth larger.
const LEVEL = 1
// Compressing this much takes longer than handing it to a thread, and would hold up every other step.
const THREAD_FROM = 128 * 1024

const deflateInThread = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.deflateRaw)

/**
 * Encrypt bytes under a fresh random nonce.
 *
 * @param compressFrom From how many bytes on to compress; `Infinity` for never, where the size of what
 *   was compressed would tell a secret to someone who can add text beside it.
 * @throws CodecError `payload_too_large`.
 */
export async function seal(
  key: FlowKey,
  plaintext: Uint8Array,
  compressFrom = COMPRESS_FROM,
): Promise<Uint8Array> {
  const size = plaintext.length
  if (size > MAX_PLAINTEXT) throw tooLarge(MAX_PLAINTEXT, `${size} bytes`)
  if (size >= compressFrom) {
    const options = { level: LEVEL }
    const packed =
      size < THREAD_FROM
        ? zlib.deflateRawSync(plaintext, options)
        : await deflateInThread(plaintext, options)
    if (packed.length < size) return assemble(key, FLAG_DEFLATE, randomBytes(NONCE), packed)
  }
  return assemble(key, 0, randomBytes(NONCE), plaintext)
}

/** Build an envelope from its parts: for vectors. A nonce used twice breaks the key. */
export function assemble(
  key: FlowKey,
  flags: number,
  nonce: Uint8Array,
  content: Uint8Array,
): Uint8Array {
  const header = Buffer.from([VERSION, flags])
  const cipher = createCipheriv(CIPHER, key.cipherKey, nonce)
  cipher.setAAD(Buffer.concat([header, key.label]))
  const sealed = [header, nonce, cipher.update(content), cipher.final(), cipher.getAuthTag()]
  return Buffer.concat(sealed)
}

/**
 * Verify and decrypt an envelope.
 *
 * @param key The key that the envelope came with the id of.
 * @param limit The most bytes to decompress to.
 * @throws CodecError `envelope_truncated`, `envelope_version_unknown`, `envelope_flags_unknown`,
 *   `envelope_tampered`, `envelope_corrupt` or `payload_too_large`.
 */
export function unseal(key: FlowKey, envelope: Uint8Array, limit = MAX_PLAINTEXT): Uint8Array {
  const [version, flags = 0] = envelope
  if (version !== undefined && version !== VERSION) {
    throw new CodecError(
      'envelope_version_unknown',
      `The envelope has the format version ${version}; this reads version ${VERSION}.`,
      'a newer Wistro wrote it: upgrade this process',
    )
  }
  if (envelope.length < SMALLEST) {
    throw new CodecError(
      'envelope_truncated',
      `The envelope has ${envelope.length} bytes; the smallest has ${SMALLEST}.`,
      'something cut the payload off on its way or in storage',
    )
  }
  if ((flags & ~FLAG_DEFLATE) !== 0) {
    throw new CodecError(
      'envelope_flags_unknown',
      `The envelope has the flags 0x${flags.toString(16)}; this knows 0x0${FLAG_DEFLATE}.`,
      'a newer Wistro wrote it: upgrade this process',
    )
  }
  const content = decrypt(key, envelope)
  if (flags & FLAG_DEFLATE) return inflate(content, limit)
  if (content.length > limit) throw tooLarge(limit, `${content.length} bytes`)
  return content
}

/** The error for an envelope that is genuine and yet cannot be understood. */
export function corrupt(problem: string): CodecError {
  return new CodecError(
    'envelope_corrupt',
    `The envelope is genuine but ${problem}.`,
    'its writer has a defect: report which language and version wrote it',
  )
}

function decrypt(key: FlowKey, envelope: Uint8Array): Uint8Array {
  const nonceEnd = HEADER + NONCE
  const tagStart = envelope.length - TAG
  const options = { authTagLength: TAG }
  const decipher = createDecipheriv(
    CIPHER,
    key.cipherKey,
    envelope.subarray(HEADER, nonceEnd),
    options,
  )
  decipher.setAAD(Buffer.concat([envelope.subarray(0, HEADER), key.label]))
  decipher.setAuthTag(envelope.subarray(tagStart))
  // GCM is a stream: `update` gives all of it and `final` only says whether it is genuine.
  const content = decipher.update(envelope.subarray(nonceEnd, tagStart))
  try {
    decipher.final()
  } catch {
    throw new CodecError(
      'envelope_tampered',
      `The envelope is not genuine under the key \`${key.id}\`.`,
      'its bytes or its key id were changed, or the key file belongs to another project',
    )
  }
  return content
}

function inflate(content: Uint8Array, limit: number): Uint8Array {
  let found: { buffer: Buffer; engine: { bytesWritten: number } }
  try {
    // With `info` the engine comes too, which tells where the stream ended. The types do not say so.
    const options = { maxOutputLength: limit, info: true }
    found = zlib.inflateRawSync(content, options) as unknown as typeof found
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw tooLarge(limit, 'more after decompression')
    }
    throw corrupt('its compressed content is malformed')
  }
  if (found.engine.bytesWritten !== content.length) {
    throw corrupt('its compressed content does not end where it should')
  }
  return found.buffer
}

function tooLarge(limit: number, found: string): CodecError {
  return new CodecError(
    'payload_too_large',
    `A payload of at most ${limit} bytes was expected, ${found} found.`,
    'keep large data in a store of your own and send a reference to it',
  )
}

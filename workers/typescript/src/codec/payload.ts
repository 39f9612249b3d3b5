/** The payload codec: Temporal payloads in and out of envelopes. `SPEC.md` section 5. */

import type { Payload, PayloadCodec, SerializationContext } from '@temporalio/common'
import proto from '@temporalio/proto'

import { COMPRESS_FROM, corrupt, MAX_PLAINTEXT, seal, unseal } from './envelope.js'
import { CodecError } from './errors.js'
import { DEFAULT_TENANT, type FlowKey, flowOfWorkflow, invalidKeyId, type Keys } from './keys.js'

const ENCODING = 'binary/wistro.v1'
const FAMILY = 'binary/wistro.'
const KEY_ID_FIELD = 'encryption-key-id'
const ENCODING_BYTES = Buffer.from(ENCODING)

const PayloadMessage = proto.temporal.api.common.v1.Payload
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** How a codec is set up; each has a default. */
export interface CodecOptions {
  /** Whose keys new payloads get. */
  readonly tenant?: string
  /** See `seal`. */
  readonly compressFrom?: number
  /** See `unseal`. */
  readonly limit?: number
}

/**
 * Encrypts every payload of a run with the key of its flow.
 *
 * The flow is read from the workflow id that Temporal gives as the serialization context; a payload
 * without a workflow belongs to the reserved project flow. Decoding needs no context: the payload
 * names its key.
 */
export class WistroCodec implements PayloadCodec {
  readonly #tenant: string
  readonly #compressFrom: number
  readonly #limit: number

  constructor(
    private readonly keys: Keys,
    options: CodecOptions = {},
  ) {
    this.#tenant = options.tenant ?? DEFAULT_TENANT
    this.#compressFrom = options.compressFrom ?? COMPRESS_FROM
    this.#limit = options.limit ?? MAX_PLAINTEXT
  }

  /**
   * Seal payloads; one that is sealed already stays as it is.
   *
   * @throws CodecError `key_unknown`, `key_id_invalid` or `payload_too_large`.
   */
  async encode(payloads: Payload[], context?: SerializationContext): Promise<Payload[]> {
    const key = this.keys.active(flowOfWorkflow(context?.workflowId), this.#tenant)
    return Promise.all(
      payloads.map((payload) => (isSealed(payload) ? payload : this.#seal(key, payload))),
    )
  }

  /**
   * Open sealed payloads; those of other encodings stay as they are.
   *
   * @throws CodecError As `unseal` does, and `key_unknown` or `key_id_invalid`.
   */
  async decode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => (isSealed(payload) ? this.#open(payload) : payload))
  }

  async #seal(key: FlowKey, payload: Payload): Promise<Payload> {
    const plaintext = PayloadMessage.encode(payload).finish()
    return {
      metadata: { encoding: ENCODING_BYTES, [KEY_ID_FIELD]: key.label },
      data: await seal(key, plaintext, this.#compressFrom),
    }
  }

  #open(payload: Payload): Payload {
    const key = this.keys.get(keyIdOf(payload))
    const plaintext = unseal(key, payload.data ?? new Uint8Array(), this.#limit)
    try {
      return PayloadMessage.decode(plaintext)
    } catch {
      throw corrupt('holds no Temporal payload')
    }
  }
}

/**
 * Whether a payload is an envelope of ours.
 *
 * @throws CodecError `envelope_version_unknown` for an encoding of ours that this version cannot read:
 *   to pass it on would hand ciphertext to a step as if it were data.
 */
function isSealed(payload: Payload): boolean {
  const encoding = Buffer.from(payload.metadata?.['encoding'] ?? []).toString('latin1')
  if (encoding === ENCODING) return true
  if (!encoding.startsWith(FAMILY)) return false
  throw new CodecError(
    'envelope_version_unknown',
    `The payload has the encoding \`${encoding.slice(0, 64)}\`; this reads \`${ENCODING}\`.`,
    'a newer Wistro wrote it: upgrade this process',
  )
}

function keyIdOf(payload: Payload): string {
  try {
    return utf8.decode(payload.metadata?.[KEY_ID_FIELD] ?? new Uint8Array())
  } catch {
    throw invalidKeyId(`(${KEY_ID_FIELD} that is no UTF-8)`)
  }
}

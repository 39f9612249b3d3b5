/** Keyed digests: stand-ins for what users send where Temporal needs an id in clear. */

import { createHmac } from 'node:crypto'

import { DEFAULT_TENANT, type Keys } from './keys.js'

/**
 * Turn text (an idempotency key, a call id) into 32 hex digits that only key holders can guess.
 *
 * The same text gives the same digest for as long as the oldest master is kept: unlike encryption it
 * does not move to the new key on rotation, or a repeated request would not be recognised.
 *
 * @throws CodecError `key_unknown` or `key_id_invalid`.
 */
export function keyedDigest(
  keys: Keys,
  purpose: string,
  text: string,
  flow: string,
  tenant: string = DEFAULT_TENANT,
): string {
  const key = keys.oldest(flow, tenant).subkey(`wistro/digest/v1/${purpose}`)
  return createHmac('sha256', key).update(text).digest('hex').slice(0, 32)
}

/**
 * Run tokens: what a step shows the worker API to prove which run it belongs to.
 *
 *     wr1.<base64url of {"exp", "key", "run"}>.<base64url of HMAC-SHA256>
 *
 * Nothing is stored: any process with the flow's key can mint and verify. `SPEC.md` section 6.
 */

import { createHmac, timingSafeEqual } from 'node:crypto'

import { CodecError } from './errors.js'
import { DEFAULT_TENANT, type FlowKey, type Keys } from './keys.js'

const PREFIX = 'wr1'
const PURPOSE = 'wistro/run-token/v1'
const MAX_LENGTH = 2048
const BASE64URL = /^[A-Za-z0-9_-]*$/

/** What a genuine token says. */
export interface RunToken {
  readonly flow: string
  readonly runId: string
  readonly tenant: string
  /** Seconds since the epoch; from this second on the token is refused. */
  readonly expiresAt: number
}

interface Claims {
  readonly exp: number
  readonly key: string
  readonly run: string
}

/**
 * Make the token of a run.
 *
 * @param expiresAt Seconds since the epoch; rounded up to a whole second.
 * @throws CodecError `key_unknown` or `key_id_invalid`.
 */
export function mintRunToken(
  keys: Keys,
  { flow, runId, expiresAt, tenant }: Omit<RunToken, 'tenant'> & { readonly tenant?: string },
): string {
  const key = keys.active(flow, tenant ?? DEFAULT_TENANT)
  const claims: Claims = { exp: Math.ceil(expiresAt), key: key.id, run: runId }
  const signed = `${PREFIX}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`
  return `${signed}.${sign(key, signed)}`
}

/**
 * Read a token and prove that a holder of the flow's key minted it.
 *
 * @param now Seconds since the epoch.
 * @throws CodecError `token_malformed`, `token_invalid` or `token_expired`.
 */
export function verifyRunToken(keys: Keys, token: string, now: number): RunToken {
  const { claims, signed, signature } = split(token)
  const key = keyOf(keys, claims.key)
  if (!same(sign(key, signed), signature)) throw invalid()
  if (now >= claims.exp) {
    throw new CodecError(
      'token_expired',
      `The run token expired ${Math.round(now - claims.exp)} seconds ago.`,
      'the step outlived its token, or the clocks of the hosts differ',
    )
  }
  return { flow: key.flow, runId: claims.run, tenant: key.tenant, expiresAt: claims.exp }
}

function split(token: string): { claims: Claims; signed: string; signature: string } {
  const [prefix, body = '', signature, ...more] = token.split('.')
  const shaped = prefix === PREFIX && signature !== undefined && more.length === 0
  if (token.length > MAX_LENGTH || !shaped || !BASE64URL.test(body)) throw malformed()
  let claims: unknown
  try {
    claims = JSON.parse(Buffer.from(body, 'base64url').toString())
  } catch {
    throw malformed()
  }
  if (!isClaims(claims)) throw malformed()
  return { claims, signed: `${PREFIX}.${body}`, signature }
}

function isClaims(value: unknown): value is Claims {
  if (typeof value !== 'object' || value === null) return false
  const { exp, key, run } = value as Partial<Claims>
  const typed = Number.isInteger(exp) && typeof key === 'string' && typeof run === 'string'
  return typed && Object.keys(value).length === 3
}

function keyOf(keys: Keys, keyId: string): FlowKey {
  try {
    return keys.get(keyId)
  } catch (error) {
    if (error instanceof CodecError) throw invalid()
    throw error
  }
}

function sign(key: FlowKey, signed: string): string {
  return createHmac('sha256', key.subkey(PURPOSE)).update(signed).digest('base64url')
}

function same(one: string, other: string): boolean {
  const [first, second] = [Buffer.from(one), Buffer.from(other)]
  return first.length === second.length && timingSafeEqual(first, second)
}

function malformed(): CodecError {
  return new CodecError(
    'token_malformed',
    `A run token (\`${PREFIX}.<claims>.<signature>\`) was expected; this text is none.`,
    'pass on the token of the invocation unchanged',
  )
}

function invalid(): CodecError {
  return new CodecError(
    'token_invalid',
    'The run token is not genuine under any key of this process.',
    'worker and engine must use the same key file, or an export of it',
  )
}

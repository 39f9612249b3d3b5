/** Run tokens for requests to the worker API, minted when they are needed. */

import { type Keys, mintRunToken } from '../codec/index.js'

/** A token is used for a minute at most, so it need not live longer than that and a request. */
const TOKEN_SECONDS = 300
const MAX_CACHED = 4096

/** Mints the token of a run, from its flow and its id. */
export type Mint = (flow: string, runId: string) => string

/** A mint that gives the same token for a minute. */
export function tokenMinter(keys: Keys, now: () => number = Date.now): Mint {
  const minted = new Map<string, string>()
  let minute = 0
  return (flow, runId) => {
    const current = Math.floor(now() / 60_000)
    if (current !== minute || minted.size >= MAX_CACHED) minted.clear()
    minute = current
    const name = `${flow}/${runId}`
    let token = minted.get(name)
    if (token === undefined) {
      token = mintRunToken(keys, { flow, runId, expiresAt: minute * 60 + TOKEN_SECONDS })
      minted.set(name, token)
    }
    return token
  }
}

import { createHash } from 'node:crypto'

/**
 * A payment provider as shops know them: it takes tokens for cards, it is sometimes busy, and a charge
 * that is repeated with its idempotency key is made once. This one runs on the spot; its test tokens
 * are `tok_visa`, `tok_declined`, `tok_busy` (busy twice, then fine) and `tok_lost` (nobody knows it).
 */

export interface Charge {
  readonly amount: number
  readonly card: string
  readonly idempotencyKey: string
}

/** The bank says no: to ask again is pointless. */
export class CardRefused extends Error {
  override readonly name = 'CardRefused'
}

/** The provider cannot answer now: to ask again later makes sense. */
export class ProviderBusy extends Error {
  override readonly name = 'ProviderBusy'
}

/** The provider knows no such card: somebody has to correct it. */
export class CardUnknown extends Error {
  override readonly name = 'CardUnknown'
}

/** Charges a card and returns the receipt's number. */
export async function charge({ amount, card, idempotencyKey }: Charge, attempt: number): Promise<string> {
  if (amount <= 0) throw new CardRefused('there is nothing to pay')
  if (card === 'tok_declined') throw new CardRefused('the bank declined the card')
  if (card === 'tok_lost') throw new CardUnknown(`the provider knows no card \`${card}\``)
  if (card === 'tok_busy' && attempt < 3) throw new ProviderBusy('the provider is busy')
  return `R-${createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 12)}`
}

import { z } from 'zod'
import type { CallConfig, Handler } from 'wistro'

const input = z.object({ customer: z.string(), cents: z.number(), daysAgo: z.number() })
const output = z.object({ risk: z.enum(['low', 'high']), reasons: z.array(z.string()) })

export const config = {
  type: 'call',
  name: 'Judge the risk of a refund',
  description: 'By the rules of the payments team: late and large refunds are looked at twice.',
  flows: ['risk'],
  input,
  output,
  responds: true,
} satisfies CallConfig

export const handler: Handler<typeof config> = async ({ cents, daysAgo }, ctx) => {
  const reasons: string[] = []
  if (daysAgo > 30) reasons.push(`bought ${daysAgo} days ago`)
  if (cents > 100_000) reasons.push('a large sum')
  ctx.logger.info('Judged the risk', { reasons })
  return { risk: reasons.length > 0 ? 'high' : 'low', reasons }
}

import { z } from 'zod'

const config = {
  type: 'event',
  name: 'finish',
  subscribes: ['orders.enriched'],
  emits: [],
  flows: ['default'],
  input: z.object({ id: z.string(), total: z.number(), by: z.literal('python').transform((by) => by.length) }),
} as const

const handler = async (input: any, context: any) => {
  await context.state.set('finished', input.id, { ...input, same: input.trace === context.traceId })
  context.logger.info('Finished', { input })
}

export default { config, handler }

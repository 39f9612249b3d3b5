import { EventConfig, Handlers } from 'motia'
import { z } from 'zod'

const inputSchema = z.object({
  id: z.string(),
  openedAt: z.date().or(z.string()),
  tags: z.record(z.string(), z.any()).optional(),
  retries: z.coerce.number().default(3),
})

type Input = z.infer<typeof inputSchema>

export const config: EventConfig = {
  type: 'event',
  name: 'Triage',
  subscribes: ['ticket.opened'],
  emits: ['ticket.triaged'],
  input: inputSchema,
  flows: ['triage'],
  infrastructure: {
    handler: { ram: 2048, timeout: 30 },
    queue: { type: 'standard', maxRetries: 3, visibilityTimeout: 60, delaySeconds: 0, concurrency: 4 },
  },
}

export const handler: Handlers['Triage'] = async (input: Input, { emit, state, logger, traceId }) => {
  const ticket = await state.get<{ id: string; title: string; priority: string }>(traceId, 'ticket')
  logger.info('Triaging', { input })
  const stored = await state.set('triaged', input.id, { ...ticket, keys: Object.keys(input).sort(), traceId })
  await emit({ topic: 'ticket.triaged', data: { id: stored.id } })
}

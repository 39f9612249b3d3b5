import { ApiRouteConfig, Handlers } from 'motia'
import { z } from 'zod'

export const config: ApiRouteConfig = {
  type: 'api',
  name: 'ListTickets',
  method: 'GET',
  path: '/tickets/:kind',
  emits: [],
  flows: ['tickets'],
  responseSchema: { 200: z.toJSONSchema(z.object({ items: z.array(z.any()) })) as never },
}

export const handler: Handlers['ListTickets'] = async (req, { state, streams }) => {
  const { kind } = req.pathParams
  if (kind === 'board') return { status: 200, body: { items: await streams.ticketBoard.getGroup('p1') } }
  return { status: 200, body: { items: await state.getGroup(kind), body: req.body } }
}

import type { EventConfig, StepHandler } from 'motia'

// A JSON Schema as plain data, which the types do not allow.
export const config: EventConfig = {
  type: 'event',
  name: 'Close ticket',
  subscribes: ['ticket.triaged'],
  emits: [],
  flows: ['triage', 'tickets'],
  input: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] } as never,
}

export const handler: StepHandler<typeof config> = async (input: any, ctx: any) => {
  const { id } = input
  const ticket = await ctx.state.get('triaged', id)
  const board = ctx.streams.ticketBoard
  for (const item of await board.getGroup('p1')) {
    if (item.id === id) await board.set('p1', id, { ...item, status: 'closed' })
  }
  await board.send({ groupId: 'p1' }, { type: 'closed', data: { id } })
  await ctx.state.set('closed', id, { ...ticket, steps: ctx.flows })
  ctx.logger.warn('Closed', { id })
}

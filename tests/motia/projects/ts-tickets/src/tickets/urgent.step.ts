import { EventConfig, FlowContext } from 'motia'

export const config = {
  type: 'event',
  name: 'Urgent',
  subscribes: ['ticket.urgent'],
  emits: ['pager.rang'],
  flows: ['tickets'],
  input: null,
} satisfies EventConfig

export async function handler(input: { id: string }, { state, emit }: FlowContext<any>) {
  await emit({ topic: 'not.declared', data: {} })
  await state.set('urgent', input.id, true)
}

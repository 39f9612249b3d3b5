import { ApiRouteConfig, Handlers } from 'motia'

export const config: ApiRouteConfig = {
  type: 'api',
  name: 'Reset',
  method: 'DELETE',
  path: '/tickets',
  emits: [],
  flows: ['tickets'],
}

export const handler: Handlers['Reset'] = async (req, { state, streams }) => {
  const id = req.queryParams.id as string
  const deleted = await state.delete('closed', id)
  const gone = await streams.ticketBoard.delete('p1', id)
  await state.clear('triaged')
  return { status: 200, body: { deleted, gone, left: await state.getGroup('triaged') } }
}

import type { ApiRouteConfig, Handlers } from 'motia'
import { z } from 'zod'
import { ticketService } from '@/services/tickets'
import { errorHandler } from '../middlewares/error-handler.middleware'
import { requireRole } from '../middlewares/require-role.middleware'

const bodySchema = z.object({
  title: z.string().min(3),
  priority: z.enum(['low', 'high']).default('low'),
  tags: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
})

export const config: ApiRouteConfig = {
  type: 'api',
  name: 'OpenTicket',
  description: 'Opens a ticket',
  method: 'POST',
  path: '/projects/:project/tickets',
  emits: ['ticket.opened', { topic: 'ticket.urgent', label: 'high priority', conditional: true }],
  virtualEmits: [{ topic: 'Support is told', label: 'by mail' }],
  virtualSubscribes: ['A customer calls'],
  flows: ['tickets'],
  middleware: [errorHandler, requireRole('agent')],
  bodySchema,
  responseSchema: {
    201: z.object({ ticketId: z.string() }),
    400: z.object({ error: z.string(), issues: z.array(z.any()) }),
  },
  queryParams: [{ name: 'notify', description: 'Whom to tell' }],
  includeFiles: ['./open-ticket.txt', '../services/tickets.ts'],
}

export const handler: Handlers['OpenTicket'] = async (req, { emit, logger, state, streams, traceId }) => {
  const { title, priority, tags } = bodySchema.parse(req.body)
  const ticket = ticketService.make(title, priority)
  logger.info('Opening a ticket', { ticket, project: req.pathParams.project })
  await state.set(traceId, 'ticket', ticket)
  await streams.ticketBoard.set(req.pathParams.project, ticket.id, { id: ticket.id, title, status: 'open' })
  await emit({ topic: 'ticket.opened', data: { id: ticket.id, openedAt: new Date(0), tags } } as never)
  if (priority === 'high') await emit({ topic: 'ticket.urgent', data: { id: ticket.id } })
  return {
    status: 201,
    headers: { 'X-Notify': String(req.queryParams.notify ?? 'nobody') },
    body: { ticketId: ticket.id, traceId, more: 'than the schema says' },
  }
}

import { createHmac } from 'crypto'
import { ApiRequest, ApiRouteConfig, FlowContext } from 'motia'

// Its stem is that of another file.
export const config: ApiRouteConfig = {
  type: 'api',
  name: 'Webhook',
  method: 'POST',
  path: '/webhooks/calls',
  emits: [],
}

export const handler = async (req: ApiRequest, { emit }: FlowContext<any>) => {
  const signature = createHmac('sha256', process.env.SECRET!).update(req.rawBody).digest('hex')
  if (signature !== req.headers['x-signature']) return { status: 401, body: { error: 'Bad signature' } }
  // It declares nothing, so it may emit anything.
  await emit({ topic: 'ticket.urgent', data: req.body })
  return { status: 200, body: req.rawBody.trim() }
}

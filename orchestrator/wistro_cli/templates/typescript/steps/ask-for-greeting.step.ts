/** Takes the request, answers at once, and leaves the work to the flow. */
import type { ApiConfig, Handler } from 'wistro'
import { Asked } from './greeting'

export const config = {
  type: 'api',
  name: 'Ask for a greeting',
  description: 'Takes the name of whoever is to be greeted.',
  flows: ['greetings'],
  method: 'POST',
  path: '/greetings',
  bodySchema: Asked,
  emits: ['greeting.asked'],
} satisfies ApiConfig

export const handler: Handler<typeof config> = async (request, ctx) => {
  await ctx.emit({ topic: 'greeting.asked', data: { name: request.body.name } })
  return { status: 202, body: { run: ctx.runId } }
}

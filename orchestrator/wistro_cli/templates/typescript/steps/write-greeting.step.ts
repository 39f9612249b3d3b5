/** Does the work: it is tried again when it fails, and survives a crash of any process. */
import type { EventConfig, Handler } from 'wistro'
import { Asked } from './greeting'

export const config = {
  type: 'event',
  name: 'Write the greeting',
  description: 'Finds the words, and keeps them.',
  flows: ['greetings'],
  subscribes: ['greeting.asked'],
  emits: [],
  input: Asked,
} satisfies EventConfig

export const handler: Handler<typeof config> = async (asked, ctx) => {
  const text = `Hello, ${asked.name}!`
  await ctx.state.set('greetings', ctx.runId, { name: asked.name, text })
  ctx.logger.info(text)
}

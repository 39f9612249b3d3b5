import { EventConfig, Handlers } from 'motia'
import { z } from 'zod'

export const config: EventConfig = {
  type: 'event',
  name: 'Minute',
  subscribes: ['minute.passed'],
  emits: [],
  input: z.object({ n: z.number() }),
  flows: ['jobs'],
}

export const handler: Handlers['Minute'] = async (input, { logger }) => {
  logger.info('A minute passed', input)
}

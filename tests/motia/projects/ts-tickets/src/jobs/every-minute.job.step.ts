import { CronConfig, Handlers } from 'motia'

export const config: CronConfig = {
  type: 'cron',
  name: 'EveryMinute',
  cron: '* * * * *',
  emits: ['minute.passed'],
  flows: ['jobs'],
}

export const handler: Handlers['EveryMinute'] = async ({ emit, logger, state }) => {
  logger.info('Ticking')
  await state.set('jobs', 'last', { at: new Date().toISOString() })
  await emit({ topic: 'minute.passed', data: { n: 1 } })
}

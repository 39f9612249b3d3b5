import { StreamConfig } from 'motia'
import { z } from 'zod'

export const config: StreamConfig = {
  name: 'ticketBoard',
  schema: z.object({ id: z.string(), title: z.string(), status: z.string() }),
  baseConfig: { storageType: 'default' },
}

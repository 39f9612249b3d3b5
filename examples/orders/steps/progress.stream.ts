import type { StreamConfig } from 'wistro'
import { z } from 'zod'

/** Where each order is: a page that shows it subscribes, instead of asking again and again. */
export const config = {
  name: 'progress',
  schema: z.object({
    stage: z.enum(['placed', 'paid', 'refused', 'shipped', 'completed', 'cancelled']),
  }),
  baseConfig: { storageType: 'default' },
} satisfies StreamConfig

/** What the steps say to each other. */
import { z } from 'zod'

/** Somebody is to be greeted. */
export const Asked = z.object({ name: z.string() })

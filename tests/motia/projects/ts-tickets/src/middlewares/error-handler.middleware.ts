import { ApiMiddleware } from 'motia'
import { ZodError } from 'zod'

export const errorHandler: ApiMiddleware = async (req, ctx, next) => {
  try {
    return await next()
  } catch (error: any) {
    if (error instanceof ZodError) {
      ctx.logger.error('Not valid', { error })
      return { status: 400, body: { error: 'Invalid request body', issues: error.issues } }
    }
    return { status: 500, body: { error: 'Sorry' } }
  }
}

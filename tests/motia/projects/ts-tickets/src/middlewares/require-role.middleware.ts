import type { ApiMiddleware, ApiRequest } from 'motia'

type WithUser = ApiRequest & { user?: { role: string } }

export const requireRole = (role: string): ApiMiddleware => async (req, _ctx, next) => {
  const given = req.headers['x-role'] as string | undefined
  if (given !== role) return { status: 403, body: { error: 'Forbidden' } }
  ;(req as WithUser).user = { role }
  const response = await next()
  return { ...response, headers: { ...response.headers, 'X-Role': role } }
}

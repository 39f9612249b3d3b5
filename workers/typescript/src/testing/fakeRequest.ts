import type { ApiRequest } from '../requests.js'
import { readRequest } from '../worker/request.js'

/**
 * A request for testing the handler of an api step:
 *
 * ```ts
 * const response = await handler(fakeRequest({ body: { total: 3 }, pathParams: { id: '7' } }), ctx)
 * ```
 */
export function fakeRequest<Body = null, PathParams = Record<string, string>>(
  given: Partial<ApiRequest<Body, PathParams>> = {},
): ApiRequest<Body, PathParams> {
  const { body = null, rawBody } = given
  const sent = rawBody ?? Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  const request = readRequest({
    method: given.method ?? 'POST',
    path: given.path ?? '/',
    path_params: given.pathParams,
    query_params: given.queryParams,
    headers: given.headers,
    raw_body: sent.toString('base64'),
    body,
  })
  return request as unknown as ApiRequest<Body, PathParams>
}

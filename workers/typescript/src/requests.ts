/** The request and the response of an api step, and what may stand around its handler. */
import type { Context } from './context.js'
import type { Emission } from './topics.js'

/** The HTTP methods. */
export type ApiMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD' | 'OPTIONS'

/** A query parameter of an api step, for its documentation. */
export interface QueryParam {
  /** As it stands in the query. */
  readonly name: string
  /** What it does. */
  readonly description?: string
}

/** An HTTP request as handlers see it. Middleware may change it and hang things on it. */
export interface ApiRequest<Body = unknown, PathParams = Record<string, string>> {
  /** The parsed body; `null` when there was none. */
  body: Body
  pathParams: PathParams
  /** A text, or a list of texts for a parameter that is given several times. */
  queryParams: Record<string, string | string[]>
  /** By their names in lower case. */
  headers: Record<string, string | string[]>
  /** The body as it was sent, for checking signatures. */
  rawBody: Buffer
  method: string
  path: string
}

/** What the handler of an api step returns. */
export type ApiResponse<Status extends number = number, Body = unknown> = {
  status: Status
  headers?: Record<string, string>
} & (unknown extends Body ? { body?: Body } : { body: Body })

/** Gives the turn to the next middleware, and at last to the handler. */
export type Next<Body = unknown> = () => Promise<ApiResponse<number, Body>>

/** A function around the handler of an api step: it may answer itself, or change what `next` gives. */
export type ApiMiddleware<Body = unknown, E extends Emission = never, Answer = unknown> = (
  request: ApiRequest<Body>,
  ctx: Context<E>,
  next: Next<Answer>,
) => Promise<ApiResponse<number, Answer>>

/**
 * Middleware of any request, emission and response. Written as a method, whose parameters TypeScript
 * compares in both directions: middleware for one body may stand in any step.
 */
export type AnyMiddleware = {
  around(
    request: ApiRequest,
    ctx: Context,
    next: Next,
  ): Promise<ApiResponse>
}['around']

/** The parameters in a route: `/orders/:id` and `/orders/{id}` have `id`. */
export type PathParamsOf<Path> = string extends Path
  ? Record<string, string>
  : Path extends `${infer Segment}/${infer Rest}`
    ? PathParamOf<Segment> & PathParamsOf<Rest>
    : PathParamOf<Path>

type PathParamOf<Segment> = Segment extends `:${infer Name}` | `{${infer Name}}`
  ? Record<Name, string>
  : unknown

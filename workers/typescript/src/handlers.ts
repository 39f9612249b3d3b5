/** Handlers, typed by their step's config. */
import type { Context } from './context.js'
import type { ApiRequest, ApiResponse, PathParamsOf } from './requests.js'
import type { InputOf, OutputOf, SchemaSource } from './schemas.js'
import type { ApiConfig, CallConfig, CronConfig, EventConfig } from './steps.js'
import type { Emission, MessageOn } from './topics.js'

/** The handlers of the project by the names of their steps, filled in by `wistro types`. */
export interface Handlers {}

/**
 * The handler that a config asks for:
 *
 * ```ts
 * export const config = { type: 'event', … } satisfies EventConfig
 * export const handler: Handler<typeof config> = async (input, ctx) => { … }
 * ```
 *
 * Its input is what the config's schema gives; `ctx.emit` takes the declared topics only.
 */
export type Handler<C extends ApiConfig | EventConfig | CronConfig | CallConfig> =
  C extends ApiConfig
    ? ApiHandlerOf<C>
    : C extends EventConfig
      ? EventHandler<EventInput<C>, EmissionsOf<C>>
      : C extends CallConfig
        ? CallHandler<Declared<C, 'input'>, Returned<C>, EmissionsOf<C>>
        : CronHandler<EmissionsOf<C>>

/** The handler of an event step. */
export type EventHandler<Input = unknown, E extends Emission = never> = (
  input: Input,
  ctx: Context<E>,
) => Promise<void> | void

/** The handler of an api step. */
export type ApiHandler<
  Body = unknown,
  Response extends ApiResponse<number, unknown> = ApiResponse,
  E extends Emission = never,
  PathParams = Record<string, string>,
> = (request: ApiRequest<Body, PathParams>, ctx: Context<E>) => Promise<Response> | Response

/** The handler of a cron step. */
export type CronHandler<E extends Emission = never> = (ctx: Context<E>) => Promise<void> | void

/** The handler of a call step: what it returns is the answer. */
export type CallHandler<Input = unknown, Output = unknown, E extends Emission = never> = (
  input: Input,
  ctx: Context<E>,
) => Promise<Output> | Output

/** The messages that a step with the config `C` may emit. */
export type EmissionsOf<C> = C extends { readonly emits?: infer E } ? Declarations<NonNullable<E>> : never

type Declarations<E> = E extends readonly (infer Declaration)[]
  ? EmissionOf<Declaration>
  : { [T in keyof E & string]: Message<T, E[T]> }[keyof E & string]

type EmissionOf<Declaration> = Declaration extends string
  ? Message<Declaration, null>
  : Declaration extends { readonly topic: infer T extends string; readonly message?: infer Schema }
    ? T extends string
      ? Message<T, Schema>
      : never
    : never

/** A message on `T`: by the emission's own schema, else by what the topic's subscribers expect. */
interface Message<T extends string, Schema> {
  readonly topic: T
  readonly data: Schema extends SchemaSource
    ? unknown extends InputOf<Schema>
      ? MessageOn<T>
      : InputOf<Schema>
    : MessageOn<T>
}

/** What a schema of the config gives; nothing is known without one. */
type Declared<C, Name extends string> = C extends { readonly [N in Name]: infer S extends SchemaSource }
  ? OutputOf<S>
  : unknown

type Returned<C> = C extends { readonly output: infer S extends SchemaSource } ? InputOf<S> : unknown

type EventInput<C extends EventConfig> = C extends { readonly input: infer S extends SchemaSource }
  ? OutputOf<S>
  : C extends { readonly join: infer J }
    ? J extends { readonly quorum: unknown }
      ? { readonly [T in Subscribed<C>]?: readonly MessageOn<T>[] }
      : { readonly [T in Subscribed<C>]: MessageOn<T> }
    : MessageOn<Subscribed<C>>

type Subscribed<C extends EventConfig> = C['subscribes'][number] extends infer S
  ? S extends string
    ? S
    : S extends { readonly topic: infer T extends string }
      ? T
      : never
  : never

type ApiHandlerOf<C extends ApiConfig> = ApiHandler<
  Declared<C, 'bodySchema'>,
  Responses<C>,
  EmissionsOf<C>,
  PathParamsOf<C['path']>
>

type Responses<C> = C extends { readonly responseSchema: infer Table }
  ? number extends keyof Table
    ? ApiResponse
    : {
        [Status in keyof Table & number]: ApiResponse<
          Status,
          Table[Status] extends SchemaSource ? InputOf<Table[Status]> : unknown
        >
      }[keyof Table & number]
  : ApiResponse

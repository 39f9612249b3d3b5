/** The names that Motia's step files import, for what is here under a name of our own. */
import type { Context } from './context.js'
import type { ApiHandler, Handler } from './handlers.js'
import type { HandlerResources, Infrastructure, QueueOptions } from './policies.js'
import type { ApiMethod, ApiResponse } from './requests.js'
import type { SchemaSource } from './schemas.js'
import type { State } from './state.js'
import type { ApiConfig, CronConfig, EventConfig } from './steps.js'
import type { Stream, StreamChannel, StreamEvent, StreamItem } from './streams.js'
import type { Emission } from './topics.js'

export type ApiRouteConfig = ApiConfig
export type ApiRouteMethod = ApiMethod
export type ApiRouteHandler<
  Body = unknown,
  Response extends ApiResponse<number, unknown> = ApiResponse,
  E extends Emission = never,
> = ApiHandler<Body, Response, E>
export type FlowContext<E extends Emission = never> = Context<E>
export type StepHandler<C extends ApiConfig | EventConfig | CronConfig> = Handler<C>
export type InternalStateManager = State
export type StateManager = State
export type MotiaStream<T> = Stream<T>
export type BaseStreamItem<T = unknown> = StreamItem<T>
export type StateStreamEvent<T> = StreamEvent<T>
export type StateStreamEventChannel = StreamChannel
export type EmitData = Emission
export type HandlerConfig = HandlerResources
export type QueueConfig = QueueOptions
export type InfrastructureConfig = Infrastructure
export type StepSchemaInput = SchemaSource
export type ZodInput = SchemaSource

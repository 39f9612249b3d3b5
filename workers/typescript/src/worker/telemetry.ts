/** Traces of this process, as the usual `OTEL_*` settings ask for them. */

import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout } from 'node:timers/promises'

import {
  context,
  type Context,
  type ContextManager,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  type TextMapPropagator,
  trace,
} from '@opentelemetry/api'

import { spanContextOf } from './tracing.js'

const ENDPOINTS = ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT']
const HEADER = 'traceparent'
const LAST_FLUSH = 3000

/** Ends tracing; what was not exported yet is. */
export type Shutdown = () => Promise<void>

/**
 * Export spans over OTLP as those of `service`, when an endpoint is set. The SDK reads endpoint, headers, sampler, service
 * name and resource attributes from the environment:
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
 */
export async function startTracing(
  service: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Shutdown> {
  if (!isWanted(environment)) return () => Promise.resolve()
  const given = environment['OTEL_RESOURCE_ATTRIBUTES'] ?? ''
  if (!given.includes('service.name=')) environment['OTEL_SERVICE_NAME'] ??= service
  // Loaded only when wanted: it takes a fifth of the time that a worker needs to start.
  const [{ BasicTracerProvider, BatchSpanProcessor }, { OTLPTraceExporter }, resources] =
    await Promise.all([
      import('@opentelemetry/sdk-trace-base'),
      import('@opentelemetry/exporter-trace-otlp-proto'),
      import('@opentelemetry/resources'),
    ])
  const detected = resources.detectResources({ detectors: [resources.envDetector] })
  const provider = new BasicTracerProvider({
    resource: resources.defaultResource().merge(detected),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  })
  followAsyncCalls()
  propagation.setGlobalPropagator(new TraceparentPropagator())
  trace.setGlobalTracerProvider(provider)
  // Nobody waits long for a collector that is away.
  return () => Promise.race([provider.shutdown(), setTimeout(LAST_FLUSH, undefined, { ref: false })])
}

/** Let the active context follow asynchronous calls, so that spans of handlers nest. */
export function followAsyncCalls(): void {
  context.setGlobalContextManager(new AsyncContextManager())
}

function isWanted(environment: NodeJS.ProcessEnv): boolean {
  if (environment['OTEL_SDK_DISABLED']?.toLowerCase() === 'true') return false
  if (environment['OTEL_TRACES_EXPORTER'] === 'none') return false
  return ENDPOINTS.some((name) => environment[name])
}

class AsyncContextManager implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>()

  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    active: Context,
    act: F,
    self?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#storage.run(active, () => act.apply(self, args))
  }

  bind<T>(active: Context, target: T): T {
    if (typeof target !== 'function') return target
    const bound = (...args: unknown[]): unknown =>
      this.#storage.run(active, () => (target as (...given: unknown[]) => unknown)(...args))
    return bound as T
  }

  enable(): this {
    return this
  }

  disable(): this {
    this.#storage.disable()
    return this
  }
}

/** W3C trace context: https://www.w3.org/TR/trace-context/. */
class TraceparentPropagator implements TextMapPropagator {
  inject: TextMapPropagator['inject'] = (active, carrier, setter) => {
    const span = trace.getSpanContext(active)
    if (span === undefined || !isSpanContextValid(span)) return
    const flags = span.traceFlags.toString(16).padStart(2, '0')
    setter.set(carrier, HEADER, `00-${span.traceId}-${span.spanId}-${flags}`)
  }

  extract: TextMapPropagator['extract'] = (active, carrier, getter) => {
    const [value] = [getter.get(carrier, HEADER) ?? ''].flat()
    const span = spanContextOf(value ?? '')
    return span === null ? active : trace.setSpanContext(active, span)
  }

  fields(): string[] {
    return [HEADER]
  }
}

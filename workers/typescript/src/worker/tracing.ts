/** OpenTelemetry: a span for each attempt, in the trace of its run. */

import {
  type Context,
  context,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from '@opentelemetry/api'

import type { Invocation } from './contract.js'
import { StepFailed } from './failures.js'

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/

/**
 * Run `attempt` in a span; what the handler traces becomes part of it.
 *
 * Its parent is the span of its run, whose context the trigger carries.
 */
export async function inAttemptSpan<T>(
  invocation: Invocation,
  number: number,
  attempt: () => Promise<T>,
): Promise<T> {
  // Nobody has set tracing up: spans would go nowhere, and still cost time.
  if (!isSetUp()) return attempt()
  const parent = parentOf(invocation)
  const span = trace.getTracer('wistro').startSpan(
    invocation.step,
    {
      kind: invocation.topic === null ? SpanKind.INTERNAL : SpanKind.CONSUMER,
      attributes: {
        'wistro.project': invocation.project,
        'wistro.flow': invocation.flow,
        'wistro.run_id': invocation.run_id,
        'wistro.step': invocation.step,
        'wistro.delivery_id': invocation.delivery_id,
        'wistro.attempt': number,
        ...(invocation.topic === null ? {} : { 'messaging.destination.name': invocation.topic }),
      },
    },
    parent,
  )
  try {
    return await context.with(trace.setSpan(parent, span), attempt)
  } catch (error) {
    if (error instanceof StepFailed) {
      // Not `recordException`: the stack in it has not been masked.
      span.setAttribute('error.type', error.info.code)
      span.setStatus({ code: SpanStatusCode.ERROR, message: error.info.message })
    }
    throw error
  } finally {
    span.end()
  }
}

/** The W3C trace context of the span that is current; nothing where nobody has set tracing up. */
export function traceparentOf(): string | null {
  const span = trace.getActiveSpan()?.spanContext()
  if (span === undefined) return null
  const flags = span.traceFlags.toString(16).padStart(2, '0')
  return `00-${span.traceId}-${span.spanId}-${flags}`
}

function isSetUp(): boolean {
  const provider = trace.getTracerProvider()
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegateTracer('wistro') !== undefined
}

function parentOf({ trigger, run_id: run }: Invocation): Context {
  const span = spanContextOf(trigger.traceparent ?? `00-${run}-${run.slice(0, 16)}-01`)
  // The ids that schedules make are no trace ids: a new trace begins.
  return span === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, span)
}

/** The span that a `traceparent` (https://www.w3.org/TR/trace-context/) names. */
export function spanContextOf(traceparent: string): SpanContext | null {
  const found = TRACEPARENT.exec(traceparent)
  if (!found) return null
  const [, traceId = '', spanId = '', flags = ''] = found
  const traceFlags = Number.parseInt(flags, 16) & TraceFlags.SAMPLED
  return { traceId, spanId, traceFlags, isRemote: true }
}

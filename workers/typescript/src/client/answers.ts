/** What a client gets: calls, and the messages of channels. */
import type { Json } from './http.js'

/** A call that the flow has answered. */
export interface Answered<Output = unknown> extends Made {
  readonly status: 'answered'
  readonly data: Output
  /** What the caller wanted back, untouched. */
  readonly responseMeta: unknown
}

/** A call that goes on: `fetch` asks again. */
export interface Pending extends Made {
  readonly status: 'pending'
}

/** A call that is made later. */
export interface Scheduled extends Made {
  readonly status: 'scheduled'
  /** When it is made, or made next. */
  readonly at: Date
}

interface Made {
  readonly flow: string
  /** The id of the call, which is that of its run. */
  readonly callId: string
  /** Whether an earlier call with the same idempotency key started it. */
  readonly existed: boolean
}

/** A call and, once there is one, its answer. */
export type Called<Output = unknown> = Answered<Output> | Pending | Scheduled

/** One of the answers to a call. */
export interface Answer<Output = unknown> {
  readonly flow: string
  readonly callId: string
  /** Counts the answers of the call, from 1. */
  readonly number: number
  readonly data: Output
}

/** An answer that came to a user's channel. */
export interface ChannelAnswer<Output = unknown> {
  /** Its place in the channel: come back with the last one that you saw, and nothing is missed. */
  readonly id: string
  readonly flow: string
  readonly callId: string
  /** `answered`, or why there is no answer; `ended` closes the answers of a flow that gives several. */
  readonly status: 'answered' | 'ended' | 'response_not_reached' | 'flow_failed' | 'timeout' | 'cancelled'
  /** What the flow answered; null when it did not. */
  readonly data: Output | null
  readonly error: { readonly code: string; readonly message: string } | null
  /** The steps that the run came by, when it ended without an answer. */
  readonly path: readonly string[]
  readonly responseMeta: unknown
  /** Counts the answers of the call, from 1. */
  readonly number: number
  /** Whether no answer follows. */
  readonly last: boolean
}

/** A call as the server tells it. */
export function calledOf<Output>(view: Json): Called<Output> {
  const { flow, call_id: callId, existed = false, status, data, response_meta: responseMeta } = view
  const made = { flow: String(flow), callId: String(callId), existed: existed === true }
  if (status === 'answered') return { ...made, status, data: data as Output, responseMeta: responseMeta ?? null }
  if (status === 'scheduled') return { ...made, status, at: new Date(String(view['at'])) }
  return { ...made, status: 'pending' }
}

/** An answer as it stands in a channel. */
export function channelAnswerOf<Output>(id: string, document: Json): ChannelAnswer<Output> {
  const { flow, call_id: callId, data = null, error = null, path = [], response_meta: meta = null } = document
  return {
    id,
    flow: String(flow),
    callId: String(callId),
    status: document['status'] as ChannelAnswer['status'],
    data: data as Output | null,
    error: error as ChannelAnswer['error'],
    path: path as readonly string[],
    responseMeta: meta,
    number: Number(document['number'] ?? 1),
    last: document['last'] !== false,
  }
}

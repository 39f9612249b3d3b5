import type { Entry } from '@/api/live'
import type { Delivery, Run } from './words'

/** A run as the API shows it, for the tests of models. */
export function aRun(changes: Partial<Run> = {}): Run {
  return {
    flow: 'orders',
    run_id: 'r1',
    status: 'running',
    started_at: at(0),
    trigger: 'api:place_order',
    deliveries: [],
    links: [],
    related: [],
    waits: [],
    notes: [],
    ...changes,
  }
}

export function aDelivery(id: string, changes: Partial<Delivery> = {}): Delivery {
  return {
    delivery_id: id,
    number: 1,
    step: id,
    name: id,
    status: 'completed',
    inline: false,
    emissions: [],
    attempts: [{ number: 1, started_at: at(1), finished_at: at(2) }],
    shortened: [],
    queued_at: at(0),
    started_at: at(1),
    finished_at: at(2),
    ...changes,
  }
}

export const anError = (message: string, stack: string | null = null) => ({ code: 'handler_error', message, retryable: true, stack })

/** The moment so many seconds after noon. */
export const at = (seconds: number) => new Date(Date.UTC(2026, 0, 2, 12) + seconds * 1_000).toISOString()

export function news(kind: string, changes: Partial<Entry> = {}): Entry {
  return { kind, project: 'shop', flow: 'orders', run_id: 'r1', at: Date.parse(at(10)) / 1_000, level: 'info', message: '', fields: {}, seq: 1, ...changes }
}

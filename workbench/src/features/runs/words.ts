import type { Api } from '@/api/client'
import { durationInWords } from '@/components/When/model'

export type Run = Api['RunDetail']
export type RunLine = Api['RunSummary']
export type Delivery = Api['DeliveryView']
export type Attempt = Delivery['attempts'][number]

const KINDS: Record<string, string> = {
  api: 'Request',
  event: 'Message',
  cron: 'Schedule',
  call: 'Call',
  flow: 'Message of another flow',
  operator: 'Started by hand',
  fork: 'Fork',
}

/** What started a run: a kind in words, and the step or topic. */
export function triggerInWords(trigger: string | null | undefined): { kind: string; what: string } {
  const [kind = '', what = ''] = (trigger ?? '').split(/:(.*)/s)
  return { kind: KINDS[kind] ?? (kind || 'Unknown'), what }
}

/** The status that people see: a run that waits for an operator is held. */
export function statusOf(run: RunLine): string {
  if (run.status !== 'running') return run.status
  if (run.waiting_for === 'operator') return 'held'
  return ['person', 'message', 'call', 'timer', 'join'].includes(run.waiting_for ?? '') ? 'waiting' : 'running'
}

/** The delivery to look at first: what failed or is held, the one that ended the run before others. */
export function culprit(run: Run): Delivery | null {
  const ended = run.outcome_error
  const bad = run.deliveries.filter((each) => each.status === 'failed' || each.status === 'held')
  return bad.find((each) => ended && each.error?.message === ended.message) ?? bad[0] ?? null
}

/** What became of a run, in a sentence for people who do not program. */
export function sentenceOf(run: Run): string {
  const bad = culprit(run)
  if (run.status === 'running' || run.status === 'scheduled') {
    if (run.status === 'scheduled') return 'It has not begun yet.'
    if (bad?.status === 'held') return `${failureOf(bad)} Somebody has to decide: retry it, or go on without it.`
    return run.why_waiting ?? 'It is under way.'
  }
  const took = run.closed_at ? ` after ${durationInWords(Date.parse(run.closed_at) - Date.parse(run.started_at))}` : ''
  switch (run.status) {
    case 'completed':
      return completed(run, took)
    case 'cancelled':
      return `Somebody cancelled it${took}.`
    case 'timed_out':
      return `It was not over in time${took ? `, and was ended${took}` : ''}.`
    default:
      if (bad) return failureOf(bad)
      return run.outcome_error ? `The run failed: ${run.outcome_error.message}` : 'The run failed.'
  }
}

function completed(run: Run, took: string): string {
  const done = run.deliveries.filter((each) => each.status === 'completed').length
  const aside = run.deliveries.filter((each) => each.status === 'skipped' || each.status === 'ignored').length
  const beside = aside > 0 ? `, and ${aside === 1 ? 'one was' : `${aside} were`} passed over` : ''
  return `All is done${took}: ${counted(done, 'step')} worked${beside}.`
}

/** “Charge the customer's card” failed after 3 attempts: card declined. */
export function failureOf(delivery: Delivery): string {
  const made = delivery.attempts.filter((each) => each.error).length
  const after = made > 1 ? ` after ${made} attempts` : ''
  const why = delivery.error?.message ?? delivery.attempts.findLast((each) => each.error)?.error?.message
  return `“${delivery.name}” failed${after}${why ? `: ${sentence(why)}` : '.'}`
}

const sentence = (text: string) => (/[.!?]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`)

export const counted = (count: number, noun: string) => `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`

/** How far a delivery that reports its progress is, from 0 to 1; nothing when that cannot be told. */
export function progressOf(progress: unknown): number | null {
  if (typeof progress === 'number') return share(progress > 1 ? progress / 100 : progress)
  if (typeof progress !== 'object' || progress === null || Array.isArray(progress)) return null
  const found = progress as Record<string, unknown>
  const whole = number(found.of ?? found.total ?? found.all ?? found.count)
  const done = number(found.done ?? found.current ?? found.completed ?? found.n)
  if (whole && done !== null) return share(done / whole)
  const percent = number(found.percent)
  return percent === null ? progressOf(found.progress ?? found.fraction ?? null) : share(percent / 100)
}

const number = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : null)
const share = (value: number) => Math.min(1, Math.max(0, value))

/** What a step receives and gives at its best-known place: an API step's body, else the message. */
export function messageOf(value: unknown): unknown {
  if (typeof value === 'object' && value !== null && 'body' in value && ('method' in value || 'status' in value)) return value.body
  return value
}

import type { Api } from '@/api/client'
import { durationInWords } from '@/components/When/model'

type Figures = Api['Figures']
type Series = Api['Series']
type Overview = Api['Overview']

/** The stretches of time that can be looked at, by what the address says. */
export const RANGES = {
  '15m': { label: '15 min', words: 'the last 15 minutes', seconds: 900 },
  '1h': { label: '1 h', words: 'the last hour', seconds: 3_600 },
  '24h': { label: '24 h', words: 'the last 24 hours', seconds: 86_400 },
  '7d': { label: '7 days', words: 'the last 7 days', seconds: 604_800 },
} as const

export type Range = keyof typeof RANGES

export function rangeOf(text: string | null): Range {
  return text !== null && Object.hasOwn(RANGES, text) ? (text as Range) : '1h'
}

/** Where a range begins, as the API takes it. */
export function sinceOf(range: Range, now: number): string {
  return new Date(now - RANGES[range].seconds * 1_000).toISOString()
}

/** The last midnight of whoever looks. */
export function midnight(now: number): string {
  return new Date(new Date(now).setHours(0, 0, 0, 0)).toISOString()
}

export const SHARES = ['p50', 'p95', 'p99'] as const
export type Share = (typeof SHARES)[number]

export function shareOf(text: string | null): Share {
  return SHARES.find((share) => share === text) ?? 'p95'
}

/** So many took at most as long as the figure says. */
export const SHARE_WORDS: Record<Share, string> = { p50: 'half', p95: '95 %', p99: '99 %' }

/** A line of a chart: a value, or nothing, for each of the chart's moments. */
export interface Line {
  id: string
  name: string
  values: (number | null)[]
  /** Its value over the whole time. */
  total: number | null
}

/** So many lines can be told apart: there is a colour and a dash for each. */
export const MOST_LINES = 6

/** The series that are drawn: the busiest. */
export function drawn(overview: Overview): Series[] {
  return overview.series.slice(0, MOST_LINES)
}

type Counts = Pick<Figures, 'completed' | 'failed' | 'cancelled' | 'timed_out'>

export function endedOf(counts: Counts): number {
  return counts.completed + counts.failed + counts.cancelled + counts.timed_out
}

export function failedOf(counts: Counts): number {
  return counts.failed + counts.timed_out
}

/** The share of what ended that failed; nothing when nothing ended. */
export function failureShare(counts: Counts): number | null {
  const ended = endedOf(counts)
  return ended === 0 ? null : failedOf(counts) / ended
}

/** Runs that began; of steps, attempts that ended. */
export function throughput(series: Series[], what: 'runs' | 'attempts'): Line[] {
  return series.map(({ id, name, points, total }) => ({
    id,
    name,
    values: what === 'runs' ? points.started : countsOver(points).map(endedOf),
    total: what === 'runs' ? total.started : endedOf(total),
  }))
}

export function durations(series: Series[], share: Share): Line[] {
  return series.map(({ id, name, points, total }) => ({ id, name, values: points[share], total: total[share] ?? null }))
}

export function failures(series: Series[]): Line[] {
  return series.map(({ id, name, points, total }) => ({
    id,
    name,
    values: countsOver(points).map(failureShare),
    total: failureShare(total),
  }))
}

function countsOver(points: Api['Columns']): Counts[] {
  return points.completed.map((completed, place) => ({
    completed,
    failed: points.failed[place] ?? 0,
    cancelled: points.cancelled[place] ?? 0,
    timed_out: points.timed_out[place] ?? 0,
  }))
}

export function percent(share: number): string {
  if (share === 0) return '0 %'
  const hundred = share * 100
  if (hundred < 0.1) return '< 0.1 %'
  return `${hundred < 10 ? trimmed(hundred.toFixed(1)) : Math.round(hundred)} %`
}

function trimmed(text: string): string {
  return text.endsWith('.0') ? text.slice(0, -2) : text
}

/** A duration beside an axis, in milliseconds, where all are round. */
export function atAxis(milliseconds: number): string {
  return milliseconds === 0 ? '0' : durationInWords(milliseconds).replace(/\.(\d*[1-9])?0+ /, (_, digits?: string) => (digits ? `.${digits} ` : ' '))
}

/** The stretch of time of one place of a chart, short: on a day of its own when it is not today. */
export function stretch(at: number, seconds: number, now: number): string {
  const from = new Date(at)
  const to = new Date(at + seconds * 1_000)
  const today = from.toDateString() === new Date(now).toDateString()
  const day = today ? '' : `${dayFormat.format(from)}, `
  if (seconds >= 86_400) return dayFormat.format(from)
  return `${day}${clockFormat.format(from)} – ${clockFormat.format(to)}`
}

const dayFormat = new Intl.DateTimeFormat(undefined, { weekday: 'short', day: 'numeric', month: 'short' })
const clockFormat = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hour12: false })

type Queue = Api['QueueView']

export const LANGUAGES: Record<Queue['language'], string> = { python: 'Python', node: 'Node', go: 'Go' }

/** Work that no worker asks for, in words for people. */
export function unattended(queues: Queue[]): { queue: Queue; text: string }[] {
  return queues
    .filter((queue) => queue.workers === 0)
    .map((queue) => ({ queue, text: `Nobody works on ${workOf(queue)}` }))
}

/** What a queue holds, in words. */
export function workOf(queue: Queue): string {
  if (queue.work === 'runs') return 'runs'
  if (queue.own) return `the step ${queue.steps[0] ?? ''}`
  return `${LANGUAGES[queue.language]} steps`
}

/** The command that starts what is missing. */
export function commandFor(queue: Queue): string {
  if (queue.work === 'steps' && queue.language !== 'python') return `wistro start --only ${queue.language}`
  return 'wistro start --only runs,steps'
}

/** Whether nothing has run yet, so far as is known. */
export function neverRan(flows: Api['FlowHealth'][]): boolean {
  return flows.every((flow) => !flow.last_run_at && flow.running === 0)
}

/** Everything of the flows together. */
export function summed(flows: Api['FlowHealth'][]): { running: number; held: number; waiting: number } {
  const all = { running: 0, held: 0, waiting: 0 }
  for (const flow of flows) {
    all.running += flow.running
    all.held += flow.held
    all.waiting += flow.waiting
  }
  return all
}

/** What was last said about each run that failed, from entries with the newest first. */
export function messagesOf(entries: readonly Api['JournalEntry'][]): Map<string, string> {
  const found = new Map<string, string>()
  for (const { run_id: run, message } of entries) {
    if (run && message && !found.has(run)) found.set(run, message)
  }
  return found
}

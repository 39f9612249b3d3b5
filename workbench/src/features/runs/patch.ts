import type { Entry } from '@/api/live'
import type { Delivery, Run, RunLine } from './words'

/** The journal's news, put into what is shown at once; what they do not tell is fetched after. */

const ENDS: Record<string, RunLine['status']> = {
  'run.completed': 'completed',
  'run.failed': 'failed',
  'run.cancelled': 'cancelled',
  'run.timed_out': 'timed_out',
}

/** How long the journal is believed about an end, in ms: Temporal tells and lists it a moment later. */
const BELIEVED = 15_000

/** The ends of runs that the journal told of lately. */
export class ToldEnds {
  private told: { entry: Entry; at: number }[] = []

  hear(entries: readonly Entry[], at = Date.now()): void {
    this.lately(at) // forgets the others
    for (const entry of entries) if (entry.kind in ENDS) this.told.push({ entry, at })
  }

  lately(now = Date.now()): Entry[] {
    this.told = this.told.filter(({ at }) => at > now - BELIEVED)
    return this.told.map(({ entry }) => entry)
  }
}

const time = (entry: Entry) => new Date(entry.at * 1_000).toISOString()

/** A run with the news about it. */
export function patchRun(run: Run, entries: readonly Entry[]): Run {
  return entries.reduce(patchOne, run)
}

function patchOne(run: Run, entry: Entry): Run {
  if (entry.run_id !== run.run_id || entry.flow !== run.flow) return run
  if (entry.kind.startsWith('run.')) return withLine(run, entry)
  if (!entry.delivery_id || entry.kind === 'log') return run
  const index = run.deliveries.findIndex((each) => each.delivery_id === entry.delivery_id)
  const old = run.deliveries[index] ?? began(run, entry)
  const next = patchDelivery(old, entry)
  if (next === old && index >= 0) return run
  const deliveries = index < 0 ? [...run.deliveries, next] : run.deliveries.with(index, next)
  return { ...run, deliveries }
}

/** A delivery that only the journal knows so far. */
function began(run: Run, entry: Entry): Delivery {
  const step = entry.step ?? ''
  return {
    delivery_id: entry.delivery_id ?? '',
    number: run.deliveries.length + 1,
    step,
    name: run.deliveries.find((each) => each.step === step)?.name ?? step,
    topic: typeof entry.fields?.topic === 'string' ? entry.fields.topic : null,
    status: 'queued',
    inline: false,
    emissions: [],
    attempts: [],
    shortened: [],
    queued_at: time(entry),
  }
}

function patchDelivery(delivery: Delivery, entry: Entry): Delivery {
  const attempt = entry.attempt ?? delivery.attempts.at(-1)?.number ?? 1
  const known = delivery.attempts.find((each) => each.number === attempt)
  const settled = ['completed', 'cancelled', 'ignored', 'skipped'].includes(delivery.status)
  switch (entry.kind) {
    case 'delivery.started':
      if (settled || known?.finished_at) return delivery
      return withAttempt({ ...delivery, status: 'running', started_at: time(entry), retry_at: null }, { number: attempt, started_at: time(entry) })
    case 'delivery.completed':
      if (settled) return delivery
      return withAttempt(
        { ...delivery, status: 'completed', finished_at: time(entry), error: null },
        { ...known, number: attempt, finished_at: time(entry), error: null },
      )
    case 'delivery.failed': {
      if (settled || delivery.status === 'held') return delivery
      const error = errorOf(entry)
      // Of an attempt; without one, the machine says that it was the last.
      if (entry.attempt === null || entry.attempt === undefined) return { ...delivery, status: 'failed', error: delivery.error ?? error, finished_at: time(entry) }
      const status = delivery.status === 'failed' ? 'failed' : 'retrying'
      return withAttempt({ ...delivery, status, error }, { ...known, number: attempt, finished_at: time(entry), error })
    }
    case 'delivery.held':
      return { ...delivery, status: 'held', error: delivery.error ?? errorOf(entry) }
    case 'delivery.released':
      return { ...delivery, status: 'queued', error: null }
    case 'delivery.skipped':
      return { ...delivery, status: 'skipped', finished_at: time(entry) }
    case 'delivery.ignored':
      return { ...delivery, status: 'ignored', finished_at: time(entry) }
    case 'delivery.opened':
      return { ...delivery, status: 'waiting', started_at: time(entry) }
    case 'delivery.settled':
      return { ...delivery, status: 'completed', finished_at: time(entry) }
    default:
      return delivery
  }
}

function withAttempt(delivery: Delivery, attempt: Delivery['attempts'][number]): Delivery {
  const others = delivery.attempts.filter((each) => each.number !== attempt.number)
  return { ...delivery, attempts: [...others, attempt].sort((a, b) => a.number - b.number) }
}

function errorOf(entry: Entry): NonNullable<Delivery['error']> {
  const given = entry.fields?.error
  const found = typeof given === 'object' && given !== null ? (given as Partial<NonNullable<Delivery['error']>>) : {}
  return { code: 'handler_error', retryable: true, ...found, message: found.message ?? entry.message ?? '' }
}

function withLine<R extends RunLine>(run: R, entry: Entry): R {
  const status = ENDS[entry.kind]
  if (status) return run.closed_at ? run : { ...run, status, closed_at: time(entry), waiting_for: null }
  return run
}

/** The lines of a list with the news about them; the list itself when there are none. */
export function patchLines(lines: readonly RunLine[], entries: readonly Entry[]): RunLine[] {
  const news = new Map<string, Entry[]>()
  for (const entry of entries) {
    if (!entry.run_id || entry.kind === 'log') continue
    news.set(entry.run_id, [...(news.get(entry.run_id) ?? []), entry])
  }
  if (!lines.some((line) => news.has(line.run_id))) return lines as RunLine[]
  return lines.map((line) => (news.get(line.run_id) ?? []).reduce(patchLine, line))
}

function patchLine(line: RunLine, entry: Entry): RunLine {
  if (entry.kind.startsWith('run.')) return withLine(line, entry)
  if (line.status !== 'running') return line
  switch (entry.kind) {
    case 'delivery.held':
      return { ...line, waiting_for: 'operator' }
    case 'delivery.opened':
      return { ...line, waiting_for: line.waiting_for ?? 'person' }
    case 'delivery.released':
    case 'delivery.skipped':
    case 'delivery.settled':
      return { ...line, waiting_for: null }
    default:
      return line
  }
}

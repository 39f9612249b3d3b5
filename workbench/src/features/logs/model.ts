import type { Entry } from '@/api/live'
import { durationInWords } from '@/components/When/model'

/** Which entries are wanted, as the URL says. */
export interface LogQuery {
  flow: string
  step: string
  run: string
  level: string
  text: string
  /** Only lines that handlers logged. */
  logged: boolean
}

export const LEVELS = ['debug', 'info', 'warn', 'error'] as const

export function queryOf(params: URLSearchParams): LogQuery {
  const of = (name: string) => params.get(name) ?? ''
  const level = of('level')
  return {
    flow: of('flow'),
    step: of('step'),
    run: of('run'),
    level: LEVELS.some((each) => each === level) ? level : '',
    text: of('text'),
    logged: of('show') === 'logged',
  }
}

/** The query of a request for it; what is not wanted is left out. */
export function asRequest(query: LogQuery) {
  return {
    flow: query.flow || undefined,
    step: query.step || undefined,
    run_id: query.run || undefined,
    level: (query.level || undefined) as (typeof LEVELS)[number] | undefined,
    text: query.text || undefined,
    kind: query.logged ? ['log'] : undefined,
  }
}

/** Whether an entry that just happened is wanted: as the server decides about older ones. */
export function accepts(query: LogQuery, entry: Entry): boolean {
  const rank = (level: string) => LEVELS.findIndex((each) => each === level)
  return (
    (!query.flow || entry.flow === query.flow) &&
    (!query.step || entry.step === query.step) &&
    (!query.run || entry.run_id === query.run) &&
    (!query.level || rank(entry.level ?? 'info') >= rank(query.level)) &&
    (!query.logged || entry.kind === 'log') &&
    (!query.text || says(entry, query.text))
  )
}

function says(entry: Entry, text: string): boolean {
  const wanted = lower(text)
  return lower(entry.message ?? '').includes(wanted) || lower(JSON.stringify(entry.fields ?? {})).includes(wanted)
}

/** As the server compares: of ASCII alone, case is no difference. */
const lower = (text: string) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())

/** A page of older entries: the newest first, and where the one before it ends. */
export interface OlderPage {
  entries: Entry[]
  next?: number | null
}

/** The entries that are shown, without a gap. */
export interface Lines {
  /** In order. */
  entries: Entry[]
  /** Where older ones end; `null`: there are none. */
  before: number | null
}

/** How many are kept: more than that is better searched for. */
export const MOST = 20_000

/** Entries that just happened, after those there are; ones that are there already are left out. */
export function withFresh(lines: Lines, fresh: Entry[]): Lines {
  const last = seqOf(lines.entries.at(-1))
  const more = fresh.filter((entry) => seqOf(entry) > last)
  if (more.length === 0) return lines
  const entries = [...lines.entries, ...more]
  if (entries.length <= MOST) return { ...lines, entries }
  const kept = entries.slice(-MOST)
  return { entries: kept, before: seqOf(kept[0]) }
}

/** An older page, before those there are. */
export function withOlder(lines: Lines, page: OlderPage): Lines {
  const first = lines.entries.length > 0 ? seqOf(lines.entries[0]) : Infinity
  const older = page.entries.filter((entry) => seqOf(entry) < first).reverse()
  return { entries: [...older, ...lines.entries], before: page.next ?? null }
}

/**
 * The newest page, and what happened while it was on its way.
 *
 * The connection has to be there before the page is asked for: then nothing is missing in between.
 */
export function begun(page: OlderPage, fresh: Entry[]): Lines {
  return withFresh({ entries: [...page.entries].reverse(), before: page.next ?? null }, fresh)
}

export const seqOf = (entry: Entry | undefined): number => entry?.seq ?? 0

/** What happened, in a sentence. */
export function sentence(entry: Entry): string {
  const fields = entry.fields ?? {}
  switch (entry.kind) {
    case 'log':
      return entry.message ?? ''
    case 'delivery.started': {
      const topic = typeof fields.topic === 'string' ? ` for ${fields.topic}` : ''
      return `Attempt ${entry.attempt ?? 1} began${topic}`
    }
    case 'delivery.completed':
      return `Completed${took(fields)}${emitted(fields)}`
    case 'run.started':
      return `Run started by ${(entry.message ?? '').replace(':', ' ')}`
    case 'run.completed':
      return `Run completed${took(fields)}`
    case 'delivery.opened':
      return 'Waits for somebody or something outside of the run'
    case 'delivery.told':
      return `A notice was sent${emitted(fields)}`
    case 'delivery.settled':
      return `What it waited for has happened${emitted(fields)}`
    case 'task.answered':
      return `${by(entry)} answered`
    case 'task.commented':
      return `${by(entry)} said something`
    case 'task.attached':
      return `${by(entry)} attached a file`
    case 'task.reassigned':
      return `${by(entry)} said anew who may answer`
    default: {
      const [subject, what] = entry.kind.split('.')
      const words = `${subject === 'delivery' ? 'Delivery' : 'Run'} ${(what ?? '').replaceAll('_', ' ')}`
      return entry.message ? `${words}: ${entry.message}` : words
    }
  }
}

function emitted(fields: Record<string, unknown>): string {
  return Array.isArray(fields.emitted) && fields.emitted.length > 0 ? `, emitted ${fields.emitted.map(String).join(', ')}` : ''
}

/** Who did something to a task; those who may look and not read are not told. */
const by = (entry: Entry) => entry.message || 'Somebody'

function took(fields: Record<string, unknown>): string {
  return typeof fields.seconds === 'number' ? ` in ${durationInWords(fields.seconds * 1_000)}` : ''
}

/** The entries as JSON lines, for a file. */
export function asJsonLines(entries: Entry[]): string {
  return entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')
}

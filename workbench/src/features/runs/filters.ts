import type { Entry } from '@/api/live'
import type { RunLine } from './words'

/** Which runs are listed, as the URL says it. */
export interface RunFilters {
  flow: string[]
  status: string[]
  trigger: string
  version: string
  since: string
  text: string
}

export const STATUSES = ['running', 'held', 'completed', 'failed', 'cancelled', 'timed_out'] as const
export type ListedStatus = (typeof STATUSES)[number]

/** Spans of time to choose from, in hours. */
export const SINCE: Record<string, { label: string; hours: number }> = {
  '1h': { label: 'The last hour', hours: 1 },
  '24h': { label: 'The last day', hours: 24 },
  '7d': { label: 'The last week', hours: 168 },
  '30d': { label: 'The last month', hours: 720 },
}

export function filtersOf(params: URLSearchParams): RunFilters {
  const of = (name: string) => params.get(name) ?? ''
  return {
    flow: params.getAll('flow').flatMap((each) => each.split(',')).filter(Boolean),
    status: params.getAll('status').flatMap((each) => each.split(',')).filter((each) => STATUSES.some((known) => known === each)),
    trigger: of('trigger'),
    version: of('version'),
    since: of('since'),
    text: of('text').trim(),
  }
}

/** The query of a request; spans of time begin at a whole minute, so that they can be cached. */
export function askedFor(filters: RunFilters, now: number) {
  const hours = SINCE[filters.since]?.hours
  const since = hours ? new Date(Math.floor(now / 60_000) * 60_000 - hours * 3_600_000).toISOString() : filters.since || undefined
  return {
    flow: filters.flow.length > 0 ? filters.flow : undefined,
    status: filters.status.length > 0 ? (filters.status as ListedStatus[]) : undefined,
    trigger: filters.trigger || undefined,
    version: filters.version || undefined,
    since,
    text: filters.text || undefined,
  }
}

/** Whether anything narrows the list. */
export const isNarrow = (filters: RunFilters) =>
  filters.flow.length + filters.status.length > 0 || [filters.trigger, filters.version, filters.since, filters.text].some(Boolean)

/** Whether a text is in the id of a run, or in `flow/id` when it has a `/`; as the server looks for it. */
function hasText({ flow, run_id }: Entry, text: string): boolean {
  const id = text.includes('/') ? `${flow}/${run_id}` : (run_id ?? '')
  return id.toLowerCase().includes(text.toLowerCase())
}

/** The ids of runs that started, are wanted as far as can be told, and are not listed yet. */
export function freshRuns(entries: readonly Entry[], lines: readonly RunLine[], filters: RunFilters): string[] {
  const listed = new Set(lines.map((line) => line.run_id))
  return entries
    .filter((entry) => entry.kind === 'run.started' && entry.run_id && !listed.has(entry.run_id))
    .filter((entry) => filters.flow.length === 0 || filters.flow.includes(entry.flow ?? ''))
    .filter(() => filters.status.length === 0 || filters.status.includes('running'))
    .filter((entry) => !filters.trigger || (entry.message ?? '').startsWith(filters.trigger))
    .filter((entry) => hasText(entry, filters.text))
    .map((entry) => entry.run_id ?? '')
}

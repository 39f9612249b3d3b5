import type { Api } from '@/api/client'

export type Schedule = Api['ScheduleView']
export type Tick = Api['TickView']

/** A moment as clocks in a time zone show it; without one, in the viewer's. */
export function inZone(at: string, timeZone?: string): string {
  const options: Intl.DateTimeFormatOptions = {
    weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hour12: false,
  }
  return new Intl.DateTimeFormat('en-GB', { ...options, ...(timeZone ? { timeZone } : {}) }).format(new Date(at))
}

export const viewersZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone

/** Whether the clocks of two zones show the same at that moment. */
export function sameClock(at: string, one: string, other: string): boolean {
  return inZone(at, one) === inZone(at, other)
}

/** What a `datetime-local` field holds, in the viewer's zone, as a moment; `null` when it holds none. */
export function momentOf(text: string): string | null {
  const at = new Date(text)
  return text === '' || Number.isNaN(at.getTime()) ? null : at.toISOString()
}

/** A moment as a `datetime-local` field takes it. */
export function fieldOf(at: Date): string {
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 16)
}

/** What is wrong with a range, in a sentence; `null` when nothing is. */
export function rangeProblem(since: string, until: string, now: Date): string | null {
  const [from, to] = [momentOf(since), momentOf(until)]
  if (from === null || to === null) return 'Give both moments.'
  if (from >= to) return 'The end has to be later than the beginning.'
  if (to > now.toISOString()) return 'The end is in the future: its ticks are still to come.'
  return null
}

/** What a backfill will do, in a sentence. */
export function backfillWords(ticks: readonly Tick[]): string {
  const missing = ticks.filter((tick) => !tick.run_id).length
  const made = ticks.length - missing
  if (ticks.length === 0) return 'The schedule does not tick between these moments.'
  const had = made === 0 ? '' : made === 1 ? ' One has a run already and is left as it is.' : ` ${made} have runs already and are left as they are.`
  if (missing === 0) return ticks.length === 1 ? 'The one tick has a run already: there is nothing to make up for.' : `All ${ticks.length} ticks have runs already: there is nothing to make up for.`
  return `${missing === 1 ? 'One run is' : `${missing} runs are`} started, one for each tick without.${had}`
}

export const OVERLAPS = [
  { value: 'buffer_all', label: 'One after the other' },
  { value: 'allow_all', label: 'All at once' },
  { value: 'skip', label: 'Leave out those that meet a run' },
  { value: 'buffer_one', label: 'Let one wait, leave out the others' },
  { value: 'cancel_other', label: 'Cancel the run before' },
  { value: 'terminate_other', label: 'End the run before at once' },
] as const

export type Overlap = (typeof OVERLAPS)[number]['value']

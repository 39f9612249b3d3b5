/** Held deliveries: which are selected, and how a release of them goes. */

import { type Api, OURS } from '@/api/client'
import { errorOf } from '@/api/errors'

export type HeldDelivery = Api['HeldDelivery']
export type HeldGroup = Api['HeldGroup']

export interface Released {
  kind: 'item'
  flow: string
  run_id: string
  delivery_id: string
  step: string | null
  outcome: 'done' | 'gone' | 'failed' | 'would'
  error_code: string | null
  message: string | null
  done: number
  total: number
}

interface ReleaseEnded {
  kind: 'end'
}

export function keyOf({ flow, run_id, delivery_id }: Pick<HeldDelivery, 'flow' | 'run_id' | 'delivery_id'>): string {
  return `${flow}/${run_id}/${delivery_id}`
}

export function groupKey({ flow, step, error_code }: Pick<HeldGroup, 'flow' | 'step' | 'error_code'>): string {
  return `${flow} ${step} ${error_code}`
}

/** The deliveries of each group, in the order of the groups. */
export function byGroup(groups: readonly HeldGroup[], items: readonly HeldDelivery[]): { group: HeldGroup; items: HeldDelivery[] }[] {
  const found = new Map<string, HeldDelivery[]>()
  for (const item of items) {
    const members = found.get(groupKey(item))
    if (members) members.push(item)
    else found.set(groupKey(item), [item])
  }
  return groups.map((group) => ({ group, items: found.get(groupKey(group)) ?? [] }))
}

/** How many of some deliveries are selected: all, some or none of them. */
export function selectedOf(items: readonly HeldDelivery[], selected: ReadonlySet<string>): 'all' | 'some' | 'none' {
  const count = items.filter((item) => selected.has(keyOf(item))).length
  if (count === 0) return 'none'
  return count === items.length ? 'all' : 'some'
}

/** Selects all of them, or none when all are. */
export function toggled(items: readonly HeldDelivery[], selected: ReadonlySet<string>): Set<string> {
  const all = selectedOf(items, selected) === 'all'
  const next = new Set(selected)
  for (const item of items) {
    if (all) next.delete(keyOf(item))
    else next.add(keyOf(item))
  }
  return next
}

/** Splits what comes in into whole lines, and what is left of the last. */
export function linesIn(text: string): [string[], string] {
  const lines = text.split('\n')
  const rest = lines.pop() ?? ''
  return [lines.filter(Boolean), rest]
}

/** As many as the server deals with at the same time. */
const AT_ONCE = 8

/**
 * Releases deliveries, a few at a time, and tells of each as soon as it is done.
 *
 * Once it is stopped, no more are begun. Those under way are waited for: what was done to each is always known.
 */
export async function release(
  items: readonly HeldDelivery[],
  action: 'retry' | 'skip',
  stop: AbortSignal,
  told: (lines: Released[]) => void,
): Promise<void> {
  for (let first = 0; first < items.length && !stop.aborted; first += AT_ONCE) {
    await releaseSome(items.slice(first, first + AT_ONCE), action, told)
  }
}

async function releaseSome(items: readonly HeldDelivery[], action: 'retry' | 'skip', told: (lines: Released[]) => void): Promise<void> {
  const named = items.map(({ flow, run_id, delivery_id }) => ({ flow, run_id, delivery_id }))
  const response = await fetch(`${OURS}/api/held/release`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'wistro-workbench': '1' },
    body: JSON.stringify({ items: named, action }),
  })
  if (!response.ok || !response.body) throw errorOf(response.status, await response.json().catch(() => null))
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const [lines, left] = linesIn(rest + value)
    rest = left
    told(lines.map((line) => JSON.parse(line) as Released | ReleaseEnded).filter((line) => line.kind === 'item'))
  }
}

/** What became of those that were told of: `3 deliveries are skipped; 1 no longer held.` */
export function releasedInWords(lines: readonly Released[], action: 'retry' | 'skip'): string {
  const count = (outcome: Released['outcome']) => lines.filter((line) => line.outcome === outcome).length
  const done = count('done')
  const parts = [`${deliveries(done)} ${done === 1 ? 'is' : 'are'} ${action === 'retry' ? 'made again' : 'skipped'}`]
  if (count('gone')) parts.push(`${count('gone')} no longer held`)
  if (count('failed')) parts.push(`${count('failed')} could not be reached`)
  return `${parts.join('; ')}.`
}

/** What became of the others, when it was stopped or broke off. */
export function leftInWords(left: number, how: 'stopped' | 'broken'): string {
  if (left === 0) return ''
  const others = left === 1 ? 'the other one' : `the other ${left}`
  if (how === 'stopped') return `Stopped: ${others} ${left === 1 ? 'is' : 'are'} still held.`
  return `It broke off: what became of ${others} is not known. The list shows what is still held.`
}

export function deliveries(count: number): string {
  return count === 1 ? '1 delivery' : `${count} deliveries`
}

export const OUTCOMES: Record<Released['outcome'], string> = {
  done: 'Done',
  gone: 'No longer held',
  failed: 'Not done',
  would: 'Would be done',
}

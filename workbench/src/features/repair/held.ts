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

export interface ReleaseEnded {
  kind: 'end'
  total: number
  done: number
  gone: number
  failed: number
  sentence: string
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

/** Releases deliveries; tells of each as soon as it is done. Aborting stops it after those under way. */
export async function release(
  items: readonly HeldDelivery[],
  action: 'retry' | 'skip',
  signal: AbortSignal,
  told: (lines: (Released | ReleaseEnded)[]) => void,
): Promise<void> {
  const named = items.map(({ flow, run_id, delivery_id }) => ({ flow, run_id, delivery_id }))
  const response = await fetch(`${OURS}/api/held/release`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'wistro-workbench': '1' },
    body: JSON.stringify({ items: named, action }),
    signal,
  })
  if (!response.ok || !response.body) throw errorOf(response.status, await response.json().catch(() => null))
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    const [lines, left] = linesIn(rest + value)
    rest = left
    if (lines.length > 0) told(lines.map((line) => JSON.parse(line) as Released | ReleaseEnded))
  }
}

export const OUTCOMES: Record<Released['outcome'], string> = {
  done: 'Done',
  gone: 'No longer held',
  failed: 'Not done',
  would: 'Would be done',
}

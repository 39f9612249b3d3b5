import type { Api } from '@/api/client'

export type Item = Api['StreamItem']

/** Names of fields that differ between two versions of an item's data. */
export function changedFields(before: unknown, after: unknown): string[] {
  if (!isRecord(before) || !isRecord(after)) return []
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name])).sort()
}

/** What the socket of a stream says. */
export type StreamEvent =
  | { type: 'sync'; items: Data[] }
  | { type: 'create' | 'update'; item: Data }
  | { type: 'delete'; id: string }
  | { type: 'event'; name: string; data: unknown }

export interface Data {
  id: string
  [field: string]: unknown
}

/** An item that is shown, with what changed last. */
export interface Shown {
  data: Data
  /** Counts its changes while the page looks: each flashes once. */
  changes: number
  changed: string[]
}

/** The items after an event, those of a group in the order they were made. */
export function after(items: readonly Shown[], event: StreamEvent): Shown[] {
  switch (event.type) {
    case 'sync':
      return event.items.map((data) => {
        const before = items.find((each) => each.data.id === data.id)
        return before && JSON.stringify(before.data) === JSON.stringify(data) ? before : next(before, data, before !== undefined)
      })
    case 'create':
    case 'update': {
      const place = items.findIndex((each) => each.data.id === event.item.id)
      if (place < 0) return [...items, next(undefined, event.item, true)]
      return items.map((each, index) => (index === place ? next(each, event.item, true) : each))
    }
    case 'delete':
      return items.filter((each) => each.data.id !== event.id)
    case 'event':
      return [...items]
  }
}

function next(before: Shown | undefined, data: Data, changes: boolean): Shown {
  return {
    data,
    changes: (before?.changes ?? 0) + (changes ? 1 : 0),
    changed: before ? changedFields(before.data, data) : changes ? Object.keys(data) : [],
  }
}

/** An event from a frame of the socket; `null` when the frame says something else. */
export function eventOf(frame: string): StreamEvent | null {
  let found: unknown
  try {
    found = JSON.parse(frame)
  } catch {
    return null
  }
  const event = isRecord(found) && isRecord(found.event) ? found.event : null
  if (!event) return null
  switch (event.type) {
    case 'sync':
      return { type: 'sync', items: (Array.isArray(event.data) ? event.data : []).filter(isData) }
    case 'create':
    case 'update':
      return isData(event.data) ? { type: event.type, item: event.data } : null
    case 'delete':
      return isData(event.data) ? { type: 'delete', id: event.data.id } : null
    case 'event': {
      const said = isRecord(event.event) ? event.event : {}
      return { type: 'event', name: String(said.type ?? 'event'), data: said.data }
    }
    default:
      return null
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
const isData = (value: unknown): value is Data => isRecord(value) && typeof value.id === 'string'

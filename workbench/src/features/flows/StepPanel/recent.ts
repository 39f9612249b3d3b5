import type { Api } from '@/api/client'

type Entry = Api['JournalEntry']

export interface Recent {
  key: string
  run: string
  delivery: string | null
  status: string
  at: number
  attempt: number | null
  message: string
}

/** What of the journal says where a delivery came to. */
export const OUTCOMES: Readonly<Record<string, string>> = {
  'delivery.completed': 'completed', 'delivery.failed': 'failed', 'delivery.held': 'held', 'delivery.cancelled': 'cancelled',
  'delivery.skipped': 'skipped', 'delivery.ignored': 'ignored',
}

/** The latest deliveries, newest first: each once, with what it came to last. */
export function recentOf(entries: readonly Entry[], limit = 20): Recent[] {
  const found = new Map<string, Recent>()
  // By the time at which it happened: workers and the machine hand in what they note in any order.
  for (const entry of [...entries].sort((a, b) => b.at - a.at || (b.seq ?? 0) - (a.seq ?? 0))) {
    const status = OUTCOMES[entry.kind]
    if (!status || !entry.run_id) continue
    const key = `${entry.run_id} ${entry.delivery_id ?? entry.seq}`
    if (found.has(key)) continue
    found.set(key, {
      key, run: entry.run_id, delivery: entry.delivery_id ?? null, status, at: entry.at, attempt: entry.attempt ?? null, message: entry.message ?? '',
    })
  }
  return [...found.values()].slice(0, limit)
}

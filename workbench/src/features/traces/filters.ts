/** What the list of traces is asked for, as the address of the page keeps it. */

export interface Filters {
  flow?: string
  run_id?: string
  service?: string
  name?: string
  failed?: boolean
  min_seconds?: number
}

const TEXTS = ['flow', 'run_id', 'service', 'name'] as const

/** The filters in an address; what makes no sense is left out. */
export function readFilters(query: URLSearchParams): Filters {
  const found: Filters = {}
  for (const name of TEXTS) {
    const value = query.get(name)?.trim()
    if (value) found[name] = value
  }
  if (query.get('failed') === 'true') found.failed = true
  const seconds = Number(query.get('min_seconds'))
  if (Number.isFinite(seconds) && seconds > 0) found.min_seconds = seconds
  return found
}

/** An address with other filters, without those that are empty. */
export function writeFilters(filters: Filters): URLSearchParams {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(filters)) {
    if (value !== undefined && value !== '' && value !== false && value !== 0) query.set(name, String(value))
  }
  return query
}

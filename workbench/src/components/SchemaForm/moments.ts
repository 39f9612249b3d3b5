/** A moment as a field for local times has it; '' when it is none. */
export function toLocal(iso: string): string {
  const date = new Date(iso)
  if (!iso || Number.isNaN(date.getTime())) return ''
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 19)
}

/** The moment that a field for local times shows, in UTC: `2030-01-31T09:00:00Z`. */
export function fromLocal(local: string): string {
  const date = new Date(local)
  return Number.isNaN(date.getTime()) ? '' : date.toISOString().replace('.000Z', 'Z')
}

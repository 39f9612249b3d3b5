import type { Api } from '@/api/client'
import { ApiError } from '@/api/errors'

export type Entry = Api['StateEntry']

/** A value as text to edit. */
export const asText = (value: unknown): string => JSON.stringify(value, null, 2) ?? 'null'

/** A value in one short line. */
export function inShort(value: unknown, most = 80): string {
  const text = JSON.stringify(value) ?? 'null'
  return text.length > most ? `${text.slice(0, most)}…` : text
}

export type Read = { ok: true; value: unknown } | { ok: false; problem: string }

/** What a text says, or why it is no JSON. */
export function read(text: string): Read {
  try {
    return { ok: true, value: JSON.parse(text) as unknown }
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : 'It is not JSON.' }
  }
}

/** Writes only over what was seen: an entry with its version, or nothing at all. */
export function setRequest(seen: Entry | null, value: unknown) {
  return seen === null ? { value, if_absent: true } : { value, if_version: seen.version, if_absent: false }
}

export const isConflict = (error: unknown): boolean => error instanceof ApiError && error.code === 'state_conflict'

/** Mine was made of `base`, and somebody has written `theirs` (`null`: removed it) meanwhile. */
export interface Conflict {
  base: Entry | null
  theirs: Entry | null
  mine: unknown
}

/** What is written next: mine over theirs, or nothing, because theirs stays. */
export function settle(conflict: Conflict, choice: 'mine' | 'theirs') {
  return choice === 'theirs' ? null : setRequest(conflict.theirs, conflict.mine)
}

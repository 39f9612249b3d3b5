/** What was sent in this browser session: it goes with the tab. */

import { create } from 'zustand'
import type { Api } from '@/api/client'
import type { Draft } from './model'

export interface SentOnce {
  at: number
  flow: string
  trigger: string
  draft: Draft
  status: number | null
  runs: Api['Accepted'][]
}

const KEY = 'wistro-sent'
const MOST = 30
const CREDENTIALS = new Set(['authorization', 'cookie', 'proxy-authorization', 'x-api-key'])

export const useHistory = create<{ sent: SentOnce[] }>(() => ({ sent: load() }))

/** Keeps what was sent, without what proves who sent it. */
export function remember(entry: SentOnce): void {
  const headers = entry.draft.headers.filter(({ name }) => !CREDENTIALS.has(name.trim().toLowerCase()))
  const sent = [{ ...entry, draft: { ...entry.draft, headers } }, ...useHistory.getState().sent].slice(0, MOST)
  useHistory.setState({ sent })
  try {
    sessionStorage.setItem(KEY, JSON.stringify(sent))
  } catch {
    // No room, or not allowed to: it lasts as long as the page.
  }
}

export function forgetAll(): void {
  useHistory.setState({ sent: [] })
  sessionStorage.removeItem(KEY)
}

function load(): SentOnce[] {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? '[]') as SentOnce[]
  } catch {
    return []
  }
}

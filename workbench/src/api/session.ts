import { useQuery } from '@tanstack/react-query'
import { OURS } from '@/api/client'
import { errorOf } from '@/api/errors'

export type Level = 'view' | 'read' | 'operate'

export interface Session {
  name: string
  level: Level
  kind: string
}

const RANK: Record<Level, number> = { view: 0, read: 1, operate: 2 }

async function loadSession(): Promise<Session> {
  const response = await fetch(`${OURS}/api/session`)
  if (response.status === 404) return { name: 'operator', level: 'operate', kind: 'token' }
  if (!response.ok) throw errorOf(response.status, await response.json().catch(() => null))
  return (await response.json()) as Session
}

/** Who looks at the page, and what they may do. */
export function useSession() {
  const { data } = useQuery({ queryKey: ['session'], queryFn: loadSession, staleTime: 60_000 })
  return {
    name: data?.name ?? '',
    session: data,
    can: (level: Level) => data !== undefined && RANK[data.level] >= RANK[level],
  }
}

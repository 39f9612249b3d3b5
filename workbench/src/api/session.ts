import { useQuery } from '@tanstack/react-query'
import { type Api, OURS, fetchApi, queryClient } from '@/api/client'
import { errorOf } from '@/api/errors'

export type Session = Api['SessionView']
export type Level = NonNullable<Session['level']>

const RANK: Record<Level, number> = { view: 0, read: 1, operate: 2 }

async function loadSession(): Promise<Session> {
  const response = await fetch(`${OURS}/api/session`)
  if (!response.ok) throw errorOf(response.status, await response.json().catch(() => null))
  return (await response.json()) as Session
}

/** The query of who looks at the page; in `wistro dev` it signs in whoever sits at the machine. */
export const sessionQuery = { queryKey: ['session'], queryFn: loadSession, staleTime: 60_000 }

/** Who looks at the page, and what they may do. */
export function useSession() {
  const { data } = useQuery(sessionQuery)
  const level = data?.level ?? null
  return {
    name: data?.name ?? '',
    session: data,
    can: (wanted: Level) => level !== null && RANK[level] >= RANK[wanted],
  }
}

/** End the session; nothing that was seen in it stays. */
export async function signOut() {
  await fetchApi.DELETE('/api/session')
  queryClient.clear()
}

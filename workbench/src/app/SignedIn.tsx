import { useQuery } from '@tanstack/react-query'
import { Navigate, useLocation } from 'react-router'
import { sessionQuery } from '@/api/session'
import { Failed, Loading } from '@/components/States/States'
import { Shell } from '@/app/Shell/Shell'

/** The pages for those who are signed in; all others sign in first, and come back to where they were. */
export function SignedIn() {
  const session = useQuery(sessionQuery)
  const { pathname, search } = useLocation()
  if (session.data?.name) return <Shell />
  if (session.data) {
    const to = pathname + search
    return <Navigate to={to === '/' ? '/sign-in' : `/sign-in?to=${encodeURIComponent(to)}`} replace />
  }
  if (session.error) return <Failed error={session.error} retry={session.refetch} />
  return <Loading />
}

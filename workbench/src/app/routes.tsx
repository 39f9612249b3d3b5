import { createBrowserRouter } from 'react-router'
import { Loading } from '@/components/States/States'
import { Crash } from '@/app/Crash'
import { SignedIn } from '@/app/SignedIn'

/** Each page is a file of its own that exports `Component`, fetched when it is first opened. */
export const router = createBrowserRouter(
  [
    { path: '/sign-in', lazy: () => import('@/features/signin/SignInPage'), errorElement: <Crash /> },
    {
      element: <SignedIn />,
      errorElement: <Crash />,
      HydrateFallback: Loading,
      children: [
        {
          errorElement: <Crash />,
          children: [
            { path: '/', lazy: () => import('@/features/overview/OverviewPage') },
            { path: '/flows', lazy: () => import('@/features/flows/FlowsPage') },
            { path: '/flows/:flow', lazy: () => import('@/features/flows/FlowPage') },
            { path: '/flows/:flow/start', lazy: () => import('@/features/start/StartPage') },
            { path: '/runs', lazy: () => import('@/features/runs/RunsPage') },
            { path: '/runs/:flow/:run', lazy: () => import('@/features/runs/RunPage') },
            { path: '/held', lazy: () => import('@/features/repair/HeldPage') },
            { path: '/inbox', lazy: () => import('@/features/inbox/InboxPage') },
            { path: '/inbox/:task', lazy: () => import('@/features/inbox/TaskPage') },
            { path: '/schedules', lazy: () => import('@/features/schedules/SchedulesPage') },
            { path: '/topics', lazy: () => import('@/features/topics/TopicsPage') },
            { path: '/topics/:topic', lazy: () => import('@/features/topics/TopicPage') },
            { path: '/state', lazy: () => import('@/features/state/StatePage') },
            { path: '/streams', lazy: () => import('@/features/streams/StreamsPage') },
            { path: '/streams/:name', lazy: () => import('@/features/streams/StreamPage') },
            { path: '/logs', lazy: () => import('@/features/logs/LogsPage') },
            { path: '/traces', lazy: () => import('@/features/traces/TracesPage') },
            { path: '/traces/:trace', lazy: () => import('@/features/traces/TracePage') },
            { path: '/audit', lazy: () => import('@/features/audit/AuditPage') },
            { path: '*', lazy: () => import('@/app/NotFoundPage') },
          ],
        },
      ],
    },
  ],
  { basename: '/_wistro/workbench' },
)

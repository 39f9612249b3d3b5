import {
  IconActivityHeartbeat,
  IconBinaryTree2,
  IconBroadcast,
  IconCalendarClock,
  IconDatabase,
  IconHandStop,
  IconInbox,
  IconLayoutDashboard,
  IconListDetails,
  IconMessage2,
  IconShieldCheck,
  IconTimeline,
} from '@tabler/icons-react'

/** What the navigation leads to, in groups. */
export const NAVIGATION = [
  {
    label: null,
    links: [
      { to: '/', label: 'Overview', icon: IconLayoutDashboard },
      { to: '/flows', label: 'Flows', icon: IconBinaryTree2 },
      { to: '/runs', label: 'Runs', icon: IconListDetails },
    ],
  },
  {
    label: 'Needs somebody',
    links: [
      { to: '/inbox', label: 'Inbox', icon: IconInbox },
      { to: '/held', label: 'Held', icon: IconHandStop },
    ],
  },
  {
    label: 'Data',
    links: [
      { to: '/schedules', label: 'Schedules', icon: IconCalendarClock },
      { to: '/topics', label: 'Topics', icon: IconMessage2 },
      { to: '/state', label: 'State', icon: IconDatabase },
      { to: '/streams', label: 'Streams', icon: IconBroadcast },
    ],
  },
  {
    label: 'Look closer',
    links: [
      { to: '/logs', label: 'Logs', icon: IconTimeline },
      { to: '/traces', label: 'Traces', icon: IconActivityHeartbeat },
      { to: '/audit', label: 'Audit', icon: IconShieldCheck },
    ],
  },
] as const

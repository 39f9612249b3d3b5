import {
  IconArrowsSplit2, IconBolt, IconClockHour4, IconCloud, IconMailForward, IconPhoneCall, IconRoute, IconUserQuestion, IconWorld,
  type IconProps,
} from '@tabler/icons-react'
import type { ComponentType } from 'react'
import type { Look } from './model'

export interface KindLook {
  /** For people, as in "Started by a request". */
  word: string
  meaning: string
  /** The colours: `--wb-<tone>`, `--wb-<tone>-line` and `--wb-<tone>-text`. */
  tone: 'api' | 'event' | 'cron' | 'call' | 'noop'
  icon: ComponentType<IconProps>
}

/** How each kind of node looks and what it is called. */
export const KINDS: Readonly<Record<Look, KindLook>> = {
  api: { word: 'Request', meaning: 'An HTTP request starts it', tone: 'api', icon: IconWorld },
  event: { word: 'Event', meaning: 'A message sets it off', tone: 'event', icon: IconBolt },
  cron: { word: 'Schedule', meaning: 'The clock starts it', tone: 'cron', icon: IconClockHour4 },
  call: { word: 'Call', meaning: 'Other flows and programs call it and get an answer', tone: 'call', icon: IconPhoneCall },
  task: { word: 'Task', meaning: 'Waits for a person’s answer', tone: 'noop', icon: IconUserQuestion },
  await: { word: 'Wait', meaning: 'Waits for a message from outside', tone: 'noop', icon: IconMailForward },
  subflow: { word: 'Call of a flow', meaning: 'Calls another flow and waits for its answer', tone: 'call', icon: IconArrowsSplit2 },
  noop: { word: 'Outside', meaning: 'Stands for what happens outside of Wistro', tone: 'noop', icon: IconCloud },
}

export const FLOW_ICON = IconRoute

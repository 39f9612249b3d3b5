import { UnstyledButton } from '@mantine/core'
import { IconApi, IconClock, IconMessageBolt, IconPhoneCall } from '@tabler/icons-react'
import type { Trigger } from '../model'
import classes from './TriggerList.module.css'

const KINDS = {
  api: { word: 'API', icon: IconApi },
  cron: { word: 'Cron', icon: IconClock },
  call: { word: 'Call', icon: IconPhoneCall },
  event: { word: 'Message', icon: IconMessageBolt },
}

interface TriggerListProps {
  triggers: Trigger[]
  chosen: string
  onChoose: (id: string) => void
}

/** The triggers of a flow, to choose one of. */
export function TriggerList({ triggers, chosen, onChoose }: TriggerListProps) {
  return (
    <nav aria-label="Triggers" className={classes.list}>
      {triggers.map((trigger) => (
        <UnstyledButton
          key={trigger.id}
          className={classes.trigger}
          aria-current={trigger.id === chosen ? 'true' : undefined}
          onClick={() => onChoose(trigger.id)}
        >
          <KindIcon kind={trigger.kind} />
          <span className={classes.words}>
            <span className={classes.name}>{trigger.name}</span>
            <span className={classes.detail}>{detailOf(trigger)}</span>
          </span>
        </UnstyledButton>
      ))}
    </nav>
  )
}

/** The sign of a kind of trigger, in its colour. */
export function KindIcon({ kind }: { kind: Trigger['kind'] }) {
  const { word, icon: Icon } = KINDS[kind]
  return (
    <span className={classes.icon} data-kind={kind} title={word} role="img" aria-label={word}>
      <Icon size={16} aria-hidden />
    </span>
  )
}

function detailOf(trigger: Trigger): string {
  if (trigger.kind === 'cron') return `${trigger.cron} ${trigger.time_zone}`
  return trigger.kind === 'api' ? `${trigger.method} ${trigger.path}` : KINDS[trigger.kind].word
}

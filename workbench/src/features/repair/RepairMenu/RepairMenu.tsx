import { ActionIcon, Button, Menu } from '@mantine/core'
import {
  IconBan,
  IconDotsVertical,
  IconGitFork,
  IconPencil,
  IconPlayerPlay,
  IconPlayerSkipForward,
  IconRefresh,
  IconSend,
  IconTool,
} from '@tabler/icons-react'
import { useSession } from '@/api/session'
import { ask } from '../asked'
import { type Action, type Choice, type Delivery, deliveryRepairs, type Run, runRepairs } from '../model'
import classes from './RepairMenu.module.css'

const ICONS = {
  cancel: IconBan,
  retry: IconRefresh,
  edit: IconPencil,
  skip: IconPlayerSkipForward,
  fork: IconGitFork,
  resume: IconPlayerPlay,
  redeliver: IconSend,
} satisfies Record<Action, unknown>

interface RepairMenuProps {
  run: Run
  /** The delivery that is repaired; without one, the whole run. */
  delivery?: Delivery | undefined
  /** A button with words, or three dots. */
  compact?: boolean
}

/** What can be done about a run, or a delivery; each is said first and then done. */
export function RepairMenu({ run, delivery, compact = false }: RepairMenuProps) {
  const { can } = useSession()
  const allowed = can('operate')
  const choices = delivery ? deliveryRepairs(run, delivery, allowed) : runRepairs(run, allowed)
  if (choices.length === 0) return null
  const label = delivery ? `Repair “${delivery.name}”` : 'Repair the run'
  return (
    <Menu position="bottom-end" width={300} withinPortal>
      <Menu.Target>
        {compact ? (
          <ActionIcon variant="subtle" color="gray" aria-label={label}>
            <IconDotsVertical size={17} aria-hidden />
          </ActionIcon>
        ) : (
          <Button variant="default" leftSection={<IconTool size={16} aria-hidden />}>
            {delivery ? 'Repair' : 'Repair the run'}
          </Button>
        )}
      </Menu.Target>
      <Menu.Dropdown>
        {choices.map((choice) => (
          <Item key={choice.action} choice={choice} onChoose={() => ask({ action: choice.action, run, delivery: delivery ?? null })} />
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

function Item({ choice, onChoose }: { choice: Choice; onChoose: () => void }) {
  const Icon = ICONS[choice.action]
  return (
    <Menu.Item
      className={classes.item ?? ''}
      leftSection={<Icon size={17} aria-hidden />}
      disabled={choice.reason !== null}
      onClick={onChoose}
      data-danger={(choice.danger && choice.reason === null) || undefined}
    >
      {choice.label}
      <span className={classes.about}>{choice.reason ?? choice.about}</span>
    </Menu.Item>
  )
}

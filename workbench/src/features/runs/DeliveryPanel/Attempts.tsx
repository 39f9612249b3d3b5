import { UnstyledButton } from '@mantine/core'
import { IconChevronRight, IconCircleCheck, IconCircleX, IconLoader2 } from '@tabler/icons-react'
import { useState } from 'react'
import { Duration } from '@/components/Duration/Duration'
import { JsonView } from '@/components/JsonView/JsonView'
import { When } from '@/components/When/When'
import { Stack } from '../Stack/Stack'
import type { Attempt, Delivery } from '../words'
import classes from './DeliveryPanel.module.css'

/** The attempts of a delivery, the last one open. */
export function Attempts({ delivery }: { delivery: Delivery }) {
  const known = delivery.attempts.length > 0 ? delivery.attempts : [{ number: 1, error: delivery.error }]
  const last = known.findLast((each) => each.error)?.number
  return (
    <ol className={classes.attempts}>
      {known.map((attempt) => (
        <li key={attempt.number}>
          <One attempt={attempt} opened={attempt.number === last} />
        </li>
      ))}
    </ol>
  )
}

function One({ attempt, opened: first }: { attempt: Attempt; opened: boolean }) {
  const [opened, setOpened] = useState(first)
  const { error } = attempt
  const going = !error && !attempt.finished_at
  const Icon = error ? IconCircleX : going ? IconLoader2 : IconCircleCheck
  const tone = error ? 'failed' : going ? 'running' : 'completed'
  return (
    <>
      <UnstyledButton className={classes.attempt} aria-expanded={error ? opened : undefined} disabled={!error} onClick={() => setOpened(!opened)}>
        {error ? <IconChevronRight size={13} aria-hidden className={classes.chevron} data-opened={opened || undefined} /> : <span className={classes.room} />}
        <Icon size={15} aria-label={tone} style={{ color: `var(--wb-${tone})`, flex: 'none' }} />
        <span className={classes.number}>Attempt {attempt.number}</span>
        {attempt.started_at && <span className="quiet"><When at={attempt.started_at} as="clock" /></span>}
        {attempt.started_at && (attempt.finished_at || going) && <span className="quiet"><Duration from={attempt.started_at} to={attempt.finished_at} /></span>}
        {error && !opened && <span className={classes.message}>{error.message}</span>}
      </UnstyledButton>
      {error && opened && (
        <div className={classes.error}>
          {error.stack ? <Stack stack={error.stack} /> : <p className={classes.words}>{error.message}</p>}
          {error.details != null && <JsonView value={error.details} label="Details of the error" />}
          {error.retryable === false && <p className="quiet">It is of a kind that is not tried again.</p>}
        </div>
      )}
    </>
  )
}

import { Button } from '@mantine/core'
import { IconAlertTriangle, IconHandStop } from '@tabler/icons-react'
import { useMemo } from 'react'
import { JsonView } from '@/components/JsonView/JsonView'
import { RepairMenu } from '@/features/repair'
import { framesOf } from '../stack'
import { SourceLines } from '../Stack/SourceLines'
import { type Delivery, failureOf, messageOf, type Run } from '../words'
import classes from './Failure.module.css'

interface FailureProps {
  run: Run
  delivery: Delivery
  onOpen: (delivery: string) => void
}

/** What to see first of a run that failed: which step, why, where in the code, and with which input. */
export function Failure({ run, delivery, onOpen }: FailureProps) {
  const error = delivery.error ?? delivery.attempts.findLast((each) => each.error)?.error
  const frame = useMemo(() => framesOf(error?.stack ?? '').find((each) => each.ours), [error?.stack])
  const held = delivery.status === 'held'
  const Icon = held ? IconHandStop : IconAlertTriangle
  return (
    <section className={classes.failure} data-held={held || undefined} aria-label={held ? 'What is held' : 'What failed'}>
      <div className={classes.head}>
        <Icon size={20} aria-hidden className={classes.icon} />
        <div className={classes.words}>
          <h2 className={classes.title}>{failureOf(delivery)}</h2>
          <p className={classes.about}>
            {held ? 'The run waits: retry the delivery, perhaps with another input, or go on without it.' : 'The run ended here. It can go on from this step in a new run.'}
            {error && (
              <>
                {' '}
                <span className="mono quiet">{[error.type, error.code].filter(Boolean).join(' · ')}</span>
              </>
            )}
          </p>
        </div>
        <div className={classes.actions}>
          <Button variant="default" size="xs" onClick={() => onOpen(delivery.delivery_id)}>
            Look closer
          </Button>
          <RepairMenu run={run} delivery={delivery} />
        </div>
      </div>
      <div className={classes.body}>
        {frame && <SourceLines frame={frame} />}
        <div className={classes.input}>
          <span className={classes.label}>What the step was given</span>
          <JsonView value={messageOf(delivery.input)} label="Input" open={2} />
        </div>
      </div>
    </section>
  )
}

import { ActionIcon, Anchor, Progress, Text, Tooltip } from '@mantine/core'
import { IconArrowRight, IconX } from '@tabler/icons-react'
import { type ReactNode, useMemo } from 'react'
import { Link } from 'react-router'
import { $api } from '@/api/client'
import { useSession } from '@/api/session'
import { flowPath, runPath, taskPath } from '@/app/paths'
import { CopyButton } from '@/components/CopyButton/CopyButton'
import { Duration } from '@/components/Duration/Duration'
import { JsonView } from '@/components/JsonView/JsonView'
import { StatusBadge } from '@/components/StatusBadge/StatusBadge'
import { When } from '@/components/When/When'
import { RepairMenu } from '@/features/repair'
import { Attempts } from './Attempts'
import { DeliveryLogs } from './DeliveryLogs'
import classes from './DeliveryPanel.module.css'
import { childrenOf } from '../timeline'
import { counted, type Delivery, messageOf, progressOf, type Run } from '../words'

interface DeliveryPanelProps {
  run: Run
  delivery: Delivery
  onSelect: (delivery: string | null) => void
}

/** A delivery in full: what it got, what it did, each attempt, and what it logged. */
export function DeliveryPanel({ run, delivery: known, onSelect }: DeliveryPanelProps) {
  const { can } = useSession()
  const whole = $api.useQuery(
    'get',
    '/api/runs/{flow}/{run_id}/deliveries/{delivery_id}',
    { params: { path: { flow: run.flow, run_id: run.run_id, delivery_id: known.delivery_id } } },
    { enabled: known.shortened.length > 0 && can('read'), retry: false },
  )
  const delivery = known.shortened.length > 0 && whole.data ? { ...known, input: whole.data.input, output: whole.data.output, emissions: whole.data.emissions } : known
  const wait = run.waits.find((each) => each.delivery_id === delivery.delivery_id)
  const progress = progressOf(delivery.progress)
  const parent = run.deliveries.find((each) => each.delivery_id === delivery.parent)
  const calls = run.related.filter((each) => each.relation === 'started' && each.delivery_id === delivery.delivery_id)
  return (
    <aside className={classes.panel} aria-label={`Delivery to ${delivery.name}`}>
      <header className={classes.head}>
        <div className={classes.title}>
          <h2>{delivery.name}</h2>
          <div className={classes.facts}>
            <StatusBadge status={delivery.status} />
            {delivery.started_at && <Duration from={delivery.started_at} to={delivery.finished_at ?? (delivery.status === 'held' ? delivery.started_at : null)} />}
            <span className="quiet">delivery {delivery.number}</span>
          </div>
        </div>
        <RepairMenu run={run} delivery={delivery} compact />
        <Tooltip label="Close (Esc)">
          <ActionIcon variant="subtle" color="gray" aria-label="Close" onClick={() => onSelect(null)}>
            <IconX size={17} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </header>
      {wait?.task && (
        <Text size="sm">
          Waits for {wait.who.join(', ') || 'somebody'}. <Anchor component={Link} size="sm" to={taskPath(wait.task)}>Open the task</Anchor>
          {wait.until && <> · due <When at={wait.until} /></>}
        </Text>
      )}
      {wait?.kind === 'timer' && wait.until && <Text size="sm">Begins <When at={wait.until} />.</Text>}
      {delivery.retry_at && <Text size="sm">The next attempt begins <When at={delivery.retry_at} />.</Text>}
      {delivery.progress != null && (
        <Section title="Progress">
          {progress !== null && <Progress value={progress * 100} aria-label={`${Math.round(progress * 100)} % done`} mb={6} />}
          <JsonView value={delivery.progress} label="Progress" />
        </Section>
      )}
      {(delivery.error || delivery.attempts.length > 1 || delivery.attempts.some((each) => each.error)) && (
        <Section title={delivery.attempts.length > 1 ? counted(delivery.attempts.length, 'attempt') : 'What went wrong'}>
          <Attempts delivery={delivery} />
        </Section>
      )}
      {can('read') && (
        <Section
          title="Received"
          beside={
            delivery.topic && (
              <>
                <span className="mono">{delivery.topic}</span>
                {parent && <> from <Jump delivery={parent} onSelect={onSelect} /></>}
              </>
            )
          }
        >
          <JsonView value={messageOf(delivery.input)} label="Received" open={2} />
          {messageOf(delivery.input) !== delivery.input && <Whole value={delivery.input} label="The whole request" />}
        </Section>
      )}
      <Emitted run={run} delivery={delivery} onSelect={onSelect} />
      {delivery.output != null && (
        <Section title="Returned">
          <JsonView value={messageOf(delivery.output)} label="Returned" open={2} />
          {messageOf(delivery.output) !== delivery.output && <Whole value={delivery.output} label="The whole response" />}
        </Section>
      )}
      {calls.map((link) => (
        <Section key={link.run_id} title="Led to the run">
          <Anchor component={Link} size="sm" to={runPath(link.flow, link.run_id)}>
            {link.flow_name ?? link.flow} <span className="mono">{link.run_id.slice(0, 8)}</span>
          </Anchor>
        </Section>
      ))}
      {can('read') && (
        <Section title="Log">
          <DeliveryLogs run={run} delivery={delivery} />
        </Section>
      )}
      <footer className={classes.foot}>
        <Anchor component={Link} size="xs" to={flowPath(run.flow, delivery.step)}>About this step</Anchor>
        <span className="mono">{delivery.delivery_id}</span>
        <CopyButton text={delivery.delivery_id} label="Copy the delivery’s id" />
      </footer>
    </aside>
  )
}

/** The messages it emitted, and who got each. */
function Emitted({ run, delivery, onSelect }: DeliveryPanelProps) {
  const children = useMemo(() => childrenOf(run), [run]).get(delivery.delivery_id) ?? []
  if (delivery.emissions.length === 0) return null
  return (
    <Section title={`Emitted ${counted(delivery.emissions.length, 'message')}`}>
      {delivery.emissions.map((emission, index) => {
        const alike = delivery.emissions.filter((each) => each.topic === emission.topic).length > 1
        const to = children.filter((each) => each.topic === emission.topic && (!alike || same(each.input, emission.data)))
        return (
          <div key={index} className={classes.emission}>
            <div className={classes.to}>
              <span className="mono">{emission.topic}</span>
              {to.length > 0 && <IconArrowRight size={14} aria-label="received by" className="quiet" />}
              {to.map((each) => (
                <Jump key={each.delivery_id} delivery={each} onSelect={onSelect} />
              ))}
            </div>
            <JsonView value={emission.data} label={`Message on ${emission.topic}`} open={1} />
          </div>
        )
      })}
    </Section>
  )
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)

function Jump({ delivery, onSelect }: { delivery: Delivery; onSelect: (delivery: string) => void }) {
  return (
    <Anchor component="button" type="button" size="sm" onClick={() => onSelect(delivery.delivery_id)}>
      {delivery.name}
    </Anchor>
  )
}

function Whole({ value, label }: { value: unknown; label: string }) {
  return (
    <details className={classes.whole}>
      <summary>{label}</summary>
      <JsonView value={value} label={label} open={1} />
    </details>
  )
}

function Section({ title, beside, children }: { title: string; beside?: ReactNode; children: ReactNode }) {
  return (
    <section className={classes.section}>
      <h3>
        {title} {beside && <span className={classes.beside}>{beside}</span>}
      </h3>
      {children}
    </section>
  )
}

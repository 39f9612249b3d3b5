import { Anchor, Button, Group, Menu, Text, Title } from '@mantine/core'
import { IconChevronDown, IconHistory, IconPlayerPause, IconPlayerPlay, IconPlayerTrackNext } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import { Link } from 'react-router'
import { useSession } from '@/api/session'
import { flowPath, runPath } from '@/app/paths'
import { StatusBadge } from '@/components/StatusBadge/StatusBadge'
import { When } from '@/components/When/When'
import { capital } from '@/components/words'
import { BackfillDialog } from '../BackfillDialog/BackfillDialog'
import { inZone, sameClock, type Schedule, viewersZone } from '../model'
import { PauseDialog, TriggerDialog } from './dialogs'
import classes from './ScheduleCard.module.css'

const NEXT = 5

/** A schedule: when it ticks, what its ticks came to, and what can be done. */
export function ScheduleCard({ schedule }: { schedule: Schedule }) {
  const { can } = useSession()
  const [dialog, setDialog] = useState<'pause' | 'trigger' | 'backfill' | null>(null)
  const close = () => setDialog(null)
  return (
    <article className={classes.card} aria-label={schedule.name}>
      <div className={classes.head}>
        <div>
          <Group gap="sm">
            <Title order={2} size="h4">{schedule.name}</Title>
            {schedule.paused && <StatusBadge status="paused" />}
            {!schedule.present && <StatusBadge status="not there yet" />}
          </Group>
          <Text>{capital(schedule.words)}</Text>
          <Text size="sm" c="dimmed">
            <Anchor component={Link} size="sm" underline="always" to={flowPath(schedule.flow, schedule.step)}>{schedule.flow}</Anchor>
            {' · '}
            <span className="mono">{schedule.cron}</span> in <span className="mono">{schedule.time_zone}</span>
          </Text>
          {schedule.note && <Text size="sm" mt={4}>{schedule.note}</Text>}
        </div>
        {can('operate') && schedule.present && (
          <Group gap="xs">
            <Button variant="default" size="sm" leftSection={schedule.paused ? <IconPlayerPlay size={16} aria-hidden /> : <IconPlayerPause size={16} aria-hidden />} onClick={() => setDialog('pause')}>
              {schedule.paused ? 'Resume' : 'Pause'}
            </Button>
            <Menu position="bottom-end">
              <Menu.Target>
                <Button variant="default" size="sm" rightSection={<IconChevronDown size={16} aria-hidden />}>More</Button>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item leftSection={<IconPlayerTrackNext size={16} aria-hidden />} onClick={() => setDialog('trigger')}>Tick now</Menu.Item>
                <Menu.Item leftSection={<IconHistory size={16} aria-hidden />} onClick={() => setDialog('backfill')}>Make up for missed ticks</Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </Group>
        )}
      </div>
      <div className={classes.columns}>
        <Column title="Next ticks"><NextTicks schedule={schedule} /></Column>
        <Column title="Latest ticks"><LatestTicks schedule={schedule} /></Column>
        <Column title="How ticks are kept">
          <dl className={classes.facts}>
            {(schedule.facts ?? []).filter((fact) => !['Schedule', 'Cron expression'].includes(fact.label)).map((fact) => (
              <div key={fact.label}>
                <dt>{fact.label}</dt>
                <dd>{fact.text}</dd>
              </div>
            ))}
            {(schedule.missed || schedule.skipped) ? (
              <div>
                <dt>Left out so far</dt>
                <dd>{schedule.missed} missed for too long, {schedule.skipped} met a run</dd>
              </div>
            ) : null}
          </dl>
        </Column>
      </div>
      <PauseDialog schedule={schedule} opened={dialog === 'pause'} onClose={close} />
      <TriggerDialog schedule={schedule} opened={dialog === 'trigger'} onClose={close} />
      {dialog === 'backfill' && <BackfillDialog schedule={schedule} onClose={close} />}
    </article>
  )
}

function NextTicks({ schedule }: { schedule: Schedule }) {
  const [all, setAll] = useState(false)
  const next = schedule.next_ticks ?? []
  if (schedule.paused) return <Text size="sm" c="dimmed">None until it is resumed.</Text>
  if (next.length === 0) return <Text size="sm" c="dimmed">It does not tick any more.</Text>
  const mine = viewersZone()
  return (
    <>
      <ul className={classes.list}>
        {next.slice(0, all ? next.length : NEXT).map((at, place) => (
          <li key={at} className={classes.tick}>
            <span>{inZone(at, schedule.time_zone)}</span>
            <Text span size="sm" c="dimmed">
              {sameClock(at, schedule.time_zone, mine) ? '' : `${inZone(at)} here`}
              {place === 0 && <> (<When at={at} />)</>}
            </Text>
          </li>
        ))}
      </ul>
      {next.length > NEXT && (
        <Button variant="subtle" size="compact-xs" ml={-8} aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? 'Fewer' : `All ${next.length}`}
        </Button>
      )}
    </>
  )
}

function LatestTicks({ schedule }: { schedule: Schedule }) {
  const recent = schedule.recent ?? []
  if (recent.length === 0) return <Text size="sm" c="dimmed">It has not ticked yet.</Text>
  return (
    <ul className={classes.list}>
      {recent.slice(0, NEXT).map((tick) => (
        <li key={`${tick.at} ${tick.run_id}`} className={classes.tick}>
          <StatusBadge bare status={tick.status ?? 'completed'} />
          <Anchor component={Link} size="sm" to={runPath(schedule.flow, tick.run_id ?? '')}>
            {inZone(tick.at, schedule.time_zone)}
          </Anchor>
          <Text span size="sm" c="dimmed"><When at={tick.at} /></Text>
        </li>
      ))}
      <li>
        <Anchor component={Link} size="sm" to={`/runs?flow=${encodeURIComponent(schedule.flow)}&trigger=${encodeURIComponent(`cron:${schedule.step}`)}`}>All its runs</Anchor>
      </li>
    </ul>
  )
}

function Column({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <h3>{title}</h3>
      {children}
    </section>
  )
}

import { Anchor, UnstyledButton } from '@mantine/core'
import { IconChevronRight } from '@tabler/icons-react'
import { memo } from 'react'
import { Link } from 'react-router'
import type { Entry } from '@/api/live'
import { flowPath, runPath } from '@/app/paths'
import { CopyButton } from '@/components/CopyButton/CopyButton'
import { Fact } from '@/components/Fact/Fact'
import { JsonView } from '@/components/JsonView/JsonView'
import { When } from '@/components/When/When'
import { sentence, seqOf } from '../model'
import classes from './LogRow.module.css'

const clock = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hour12: false,
})

interface LogRowProps {
  entry: Entry
  opened: boolean
  /** Whether Tab leads to it: one of all rows. */
  current: boolean
  /** What the step is called, where it still is. */
  stepName: string | undefined
  onToggle: (seq: number) => void
}

/** One entry of the journal; opened, with all it says. */
export const LogRow = memo(function LogRow({ entry, opened, current, stepName, onToggle }: LogRowProps) {
  const fields = entry.kind === 'log' ? Object.entries(entry.fields ?? {}) : []
  return (
    <div className={classes.row} data-level={entry.level}>
      <UnstyledButton
        className={classes.line}
        aria-expanded={opened}
        tabIndex={current ? 0 : -1}
        data-seq={entry.seq}
        onClick={() => onToggle(seqOf(entry))}
      >
        <IconChevronRight size={12} className={classes.chevron} aria-hidden />
        <time className={classes.time} dateTime={new Date(entry.at * 1_000).toISOString()}>
          {clock.format(entry.at * 1_000)}
        </time>
        <span className={classes.level}>{entry.level}</span>
        <span className={classes.step} title={entry.step ?? undefined}>
          {stepName ?? entry.step ?? entry.flow ?? ''}
        </span>
        <span className={classes.message} data-event={entry.kind === 'log' ? undefined : ''}>
          {sentence(entry)}
          {fields.length > 0 && <span className={classes.fields}>{fields.map(([name, value]) => `${name}=${short(value)}`).join('  ')}</span>}
        </span>
      </UnstyledButton>
      {opened && <Detail entry={entry} />}
    </div>
  )
})

function Detail({ entry }: { entry: Entry }) {
  const { flow, run_id: run, delivery_id: delivery } = entry
  return (
    <div className={classes.detail}>
      {entry.message && <p className={classes.whole}>{entry.message}</p>}
      <dl className={classes.facts}>
        <Fact name="When"><When at={entry.at} /></Fact>
        <Fact name="What"><span className="mono">{entry.kind}</span></Fact>
        {flow && <Fact name="Flow"><Anchor component={Link} size="sm" to={flowPath(flow)}>{flow}</Anchor></Fact>}
        {entry.step && <Fact name="Step"><span className="mono">{entry.step}</span></Fact>}
        {entry.attempt !== null && entry.attempt !== undefined && <Fact name="Attempt">{entry.attempt}</Fact>}
        {flow && run && <Fact name="Run"><Anchor component={Link} size="sm" className="mono" to={runPath(flow, run)}>{run}</Anchor></Fact>}
        {flow && run && delivery && (
          <Fact name="Delivery">
            <Anchor component={Link} size="sm" className="mono" to={runPath(flow, run, delivery)}>{delivery}</Anchor>
          </Fact>
        )}
        <CopyButton text={JSON.stringify(entry, null, 2)} label="Copy the entry as JSON" />
      </dl>
      {Object.keys(entry.fields ?? {}).length > 0 && <JsonView value={entry.fields} label="Fields" open={3} />}
    </div>
  )
}

function short(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

import { Progress } from '@mantine/core'
import { IconArrowRight } from '@tabler/icons-react'
import { useCallback, useMemo } from 'react'
import { useNavigate } from 'react-router'
import { runPath } from '@/app/paths'
import { lookOf } from '@/components/StatusBadge/StatusBadge'
import { Empty } from '@/components/States/States'
import { useClosed, Waterfall, type WaterfallRow } from '@/components/Waterfall'
import { useNow } from '@/components/When/When'
import { type Item, timelineOf } from '../timeline'
import { progressOf, type Run } from '../words'
import classes from './Tabs.module.css'

interface TimelineTabProps {
  run: Run
  selected: string | null
  onSelect: (delivery: string) => void
}

/** When each delivery was queued, at work and waiting. */
export function TimelineTab({ run, selected, onSelect }: TimelineTabProps) {
  const navigate = useNavigate()
  const { closed, toggle } = useClosed()
  const going = run.status === 'running'
  const now = useNow(250, going)
  const { rows, items } = useMemo(() => timelineOf(run, closed), [run, closed])
  const choose = (id: string) => {
    const item = items.get(id)
    if (item?.kind === 'delivery') onSelect(id)
    else if (item?.kind === 'run') void navigate(runPath(item.link.flow, item.link.run_id))
  }
  const renderLabel = useCallback((row: WaterfallRow) => <Label row={row} item={items.get(row.id)} />, [items])
  if (rows.length === 0) return <Empty title="Nothing has begun yet">Deliveries appear here as a worker takes them.</Empty>
  return (
    <>
      <Waterfall
        label="Timeline of the run"
        heading="Step"
        rows={rows}
        selected={selected}
        onSelect={choose}
        onToggle={toggle}
        renderLabel={renderLabel}
        {...(going ? { now } : {})}
      />
      <p className={classes.legend}>
        <span data-tone="queued">in the queue</span>
        <span data-tone="running">at work</span>
        <span data-tone="completed">done</span>
        <span data-tone="failed">failed attempt</span>
        <span data-tone="held">between attempts, or held</span>
        <span data-tone="waiting">waits for something outside</span>
      </p>
    </>
  )
}

function Label({ row, item }: { row: WaterfallRow; item: Item | undefined }) {
  if (item?.kind === 'run') {
    return (
      <span className={classes.label}>
        <IconArrowRight size={14} aria-hidden className="quiet" />
        <span className={classes.text}>{row.label}</span>
      </span>
    )
  }
  const status = item?.kind === 'delivery' ? item.delivery.status : 'waiting'
  const { icon: Icon, word, tone } = lookOf(status)
  const progress = item?.kind === 'delivery' && status === 'running' ? progressOf(item.delivery.progress) : null
  return (
    <span className={classes.label}>
      <Icon size={14} aria-hidden />
      <span className="visually-hidden">{word}</span>
      <span className={classes.text} data-tone={tone}>{row.label}</span>
      {progress !== null && <Progress className={classes.progress ?? ''} value={progress * 100} size="sm" aria-label={`${Math.round(progress * 100)} %`} />}
    </span>
  )
}

import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, memo, useEffect, useLayoutEffect, useRef, useState } from 'react'
import { Link } from 'react-router'
import { runPath } from '@/app/paths'
import { Duration } from '@/components/Duration/Duration'
import { StatusBadge } from '@/components/StatusBadge/StatusBadge'
import { When } from '@/components/When/When'
import { type RunLine, statusOf, triggerInWords } from '../words'
import classes from './RunList.module.css'

interface RunListProps {
  lines: readonly RunLine[]
  /** The names of flows by their ids. */
  names: ReadonlyMap<string, string>
  /** What runs wait for, by their ids. */
  waits: ReadonlyMap<string, string>
  onEnd: () => void
}

const ROW = 58

/** Runs below each other; only those in sight are drawn. `j` and `k` go down and up. */
export function RunList({ lines, names, waits, onEnd }: RunListProps) {
  const list = useRef<HTMLUListElement>(null)
  const [offset, setOffset] = useState(0)
  useLayoutEffect(() => setOffset(list.current?.offsetTop ?? 0), [])
  const virtual = useWindowVirtualizer({
    count: lines.length,
    estimateSize: () => ROW,
    overscan: 12,
    scrollMargin: offset,
    getItemKey: (index) => lines[index]?.run_id ?? index,
  })
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (last >= lines.length - 10) onEnd()
  }, [last, lines.length, onEnd])

  const onKeyDown = (event: KeyboardEvent) => {
    const by = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key]
    if (!by || event.altKey || event.ctrlKey || event.metaKey) return
    const focused = (document.activeElement as HTMLElement | null)?.closest<HTMLElement>('[data-index]')
    const next = Math.min(lines.length - 1, Math.max(0, focused ? Number(focused.dataset.index) + by : 0))
    virtual.scrollToIndex(next, { align: 'auto' })
    requestAnimationFrame(() => list.current?.querySelector<HTMLElement>(`[data-index="${next}"] a`)?.focus({ preventScroll: true }))
    event.preventDefault()
  }
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      if (event.key !== 'j' || event.ctrlKey || event.metaKey || document.activeElement !== document.body) return
      list.current?.querySelector<HTMLElement>('a')?.focus()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])

  return (
    <div>
      <div className={classes.head} aria-hidden>
        <span>Status</span>
        <span>Flow and run</span>
        <span>Started by</span>
        <span>Started</span>
        <span>Took</span>
      </div>
      <ul ref={list} className={classes.list} aria-label="Runs" style={{ height: virtual.getTotalSize() }} onKeyDown={onKeyDown}>
        {items.map((item) => {
          const line = lines[item.index]
          return line ? (
            <li
              key={item.key}
              ref={virtual.measureElement}
              data-index={item.index}
              className={classes.item}
              style={{ transform: `translateY(${item.start - offset}px)` }}
              aria-setsize={lines.length}
              aria-posinset={item.index + 1}
            >
              <Row line={line} name={names.get(line.flow) ?? line.flow} waits={waits.get(line.run_id)} />
            </li>
          ) : null
        })}
      </ul>
    </div>
  )
}

const Row = memo(function Row({ line, name, waits }: { line: RunLine; name: string; waits: string | undefined }) {
  const trigger = triggerInWords(line.trigger)
  const status = statusOf(line)
  const going = line.status === 'running'
  return (
    <Link to={runPath(line.flow, line.run_id)} className={classes.row} data-status={status}>
      <span className={classes.status}>
        <StatusBadge status={status} />
      </span>
      <span className={classes.what}>
        <span className={classes.flow}>{name}</span>
        <span className={classes.under}>{going && waits ? waits : <span className="mono">{line.run_id.slice(0, 16)}</span>}</span>
      </span>
      <span className={classes.trigger}>
        {trigger.kind}
        <span className={`${classes.under} mono`}>{trigger.what}</span>
      </span>
      <span className={classes.when}>
        <When at={line.started_at} />
      </span>
      <span className={classes.took}>
        {line.status === 'scheduled' ? '' : <Duration from={line.started_at} to={line.closed_at} />}
      </span>
    </Link>
  )
})

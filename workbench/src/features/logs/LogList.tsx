import { Button, Text } from '@mantine/core'
import { IconArrowDown } from '@tabler/icons-react'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { Entry } from '@/api/live'
import { LogRow } from './LogRow/LogRow'
import classes from './LogsPage.module.css'
import { type Lines, seqOf } from './model'

const ROW = 27
const NEAR = 40

interface LogListProps {
  lines: Lines
  looking: boolean
  stepNames: ReadonlyMap<string, string>
  onOlder: () => void
}

/** The entries, the newest last: it follows them while it is at its end, and finds older ones at its top. */
export function LogList({ lines, looking, stepNames, onOlder }: LogListProps) {
  const { entries } = lines
  const element = useRef<HTMLDivElement>(null)
  const [following, setFollowing] = useState(true)
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set())
  const [current, setCurrent] = useState<number | null>(null)
  const rows = useVirtualizer({
    count: entries.length,
    getScrollElement: () => element.current,
    estimateSize: () => ROW,
    getItemKey: (index) => seqOf(entries[index]),
    overscan: 20,
  })
  useAnchor(entries, element, rows.getTotalSize(), following)

  const toEnd = useCallback(() => {
    setFollowing(true)
    const list = element.current
    if (list) list.scrollTop = list.scrollHeight
  }, [])
  const toggle = useCallback((seq: number) => {
    setCurrent(seq)
    setOpened((before) => {
      const now = new Set(before)
      if (!now.delete(seq)) now.add(seq)
      return now
    })
  }, [])

  function scrolled() {
    const list = element.current
    if (!list) return
    setFollowing(list.scrollHeight - list.scrollTop - list.clientHeight < NEAR)
    if (list.scrollTop < 400) onOlder()
  }

  function move(event: KeyboardEvent) {
    const steps: Record<string, number> = { ArrowUp: -1, ArrowDown: 1, PageUp: -15, PageDown: 15 }
    const at = entries.findIndex((entry) => entry.seq === current)
    const step = steps[event.key]
    const next = event.key === 'Home' ? 0 : event.key === 'End' ? entries.length - 1 : step === undefined ? null : (at < 0 ? entries.length : at) + step
    if (next === null) return
    event.preventDefault()
    const index = Math.min(Math.max(next, 0), entries.length - 1)
    setCurrent(seqOf(entries[index]))
    rows.scrollToIndex(index)
    requestAnimationFrame(() => {
      element.current?.querySelector<HTMLElement>(`[data-seq="${entries[index]?.seq}"]`)?.focus({ preventScroll: true })
    })
  }

  const currentSeq = current ?? seqOf(entries.at(-1))
  return (
    <div className={classes.frame}>
      <div ref={element} className={classes.list} role="log" aria-live="off" aria-label="Log entries" onScroll={scrolled} onKeyDown={move}>
        <div className={classes.top} role="status">
          {looking ? 'Looking for older entries…' : lines.before === null ? 'The journal begins here' : 'Scroll up for older entries'}
        </div>
        <div className={classes.space} style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map((item) => {
            const entry = entries[item.index]
            if (!entry) return null
            return (
              <div key={item.key} ref={rows.measureElement} data-index={item.index} className={classes.row} style={{ transform: `translateY(${item.start}px)` }}>
                <LogRow
                  entry={entry}
                  opened={opened.has(seqOf(entry))}
                  current={entry.seq === currentSeq}
                  stepName={entry.step ? stepNames.get(entry.step) : undefined}
                  onToggle={toggle}
                />
              </div>
            )
          })}
        </div>
      </div>
      {!following && (
        <Button className={classes.foot} size="xs" radius="xl" leftSection={<IconArrowDown size={14} aria-hidden />} onClick={toEnd}>
          Follow the newest
        </Button>
      )}
      <Text className="visually-hidden" role="status">{following ? 'Following the newest entries' : ''}</Text>
    </div>
  )
}

/** Keeps what is read where it is when older entries come above it; at the end, keeps to the end. */
function useAnchor(entries: Entry[], element: React.RefObject<HTMLDivElement | null>, height: number, following: boolean) {
  const before = useRef({ first: seqOf(entries[0]), height })
  useLayoutEffect(() => {
    const list = element.current
    if (!list) return
    const first = seqOf(entries[0])
    if (following) list.scrollTop = list.scrollHeight
    else if (first < before.current.first) list.scrollTop += height - before.current.height
    before.current = { first, height }
  }, [entries, element, height, following])
  useEffect(() => {
    const list = element.current
    if (!list) return
    const watcher = new ResizeObserver(() => {
      if (following) list.scrollTop = list.scrollHeight
    })
    watcher.observe(list)
    return () => watcher.disconnect()
  }, [element, following])
}

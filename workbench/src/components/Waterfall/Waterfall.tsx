import { ActionIcon, Group, Tooltip } from '@mantine/core'
import { useElementSize } from '@mantine/hooks'
import { IconChevronDown, IconChevronRight, IconZoomIn, IconZoomOut, IconZoomReset } from '@tabler/icons-react'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type CSSProperties, type KeyboardEvent, memo, type ReactNode, useId, useMemo, useRef, useState } from 'react'
import { Axis, Grid } from './Axis'
import { extent, lengthOf, type Move, move, pan, type Segment, span, type View, type WaterfallRow, zoom } from './model'
import classes from './Waterfall.module.css'

const ROW_HEIGHT = 30
const LINE_WIDTH = 90

export interface WaterfallProps {
  /** What the table shows, for those who hear it. */
  label: string
  rows: readonly WaterfallRow[]
  selected?: string | null
  onSelect?: (id: string) => void
  /** Opens or closes the rows below one. */
  onToggle?: (id: string) => void
  /** What is going on reaches to this moment. */
  now?: number
  /** Drawn instead of a row's plain label. */
  renderLabel?: (row: WaterfallRow) => ReactNode
  /** The head of the first column. */
  heading?: string
  /** The most pixels it takes; beyond them it scrolls. */
  maxHeight?: number
}

/** Things that take time, below each other on one axis: a tree with bars, which zooms. */
export function Waterfall({
  label,
  rows,
  selected = null,
  onSelect,
  onToggle,
  now = Date.now(),
  renderLabel,
  heading = 'Name',
  maxHeight = 640,
}: WaterfallProps) {
  const id = useId()
  const scroller = useRef<HTMLDivElement>(null)
  const whole = useMemo(() => extent(rows, now), [rows, now])
  const { ref: frame, width } = useElementSize()
  const lines = Math.max(1, Math.round((width * 0.5) / LINE_WIDTH))
  const [zoomed, setZoomed] = useState<View | null>(null)
  const view = zoomed ?? whole
  const [focused, setFocused] = useState<string | null>(null)
  const current = focused ?? selected
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 12,
  })

  const show = (next: View) => {
    setZoomed(next.to - next.from >= whole.to - whole.from ? null : next)
  }
  const goTo = (to: string) => {
    setFocused(to)
    virtual.scrollToIndex(rows.findIndex((row) => row.id === to))
    onSelect?.(to)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    if (event.key === '+' || event.key === '=') show(zoom(view, 0.5, 0.5, whole))
    else if (event.key === '-') show(zoom(view, 2, 0.5, whole))
    else if (event.key === '0') setZoomed(null)
    else if ((event.key === 'Enter' || event.key === ' ') && current) onSelect?.(current)
    else {
      const found = event.shiftKey ? shifted(event.key) : move(rows, current, event.key)
      if (!found) return
      if (found.to) goTo(found.to)
      if (found.toggle) onToggle?.(found.toggle)
    }
    event.preventDefault()
  }
  const shifted = (key: string): Move | null => {
    if (key !== 'ArrowLeft' && key !== 'ArrowRight') return null
    show(pan(view, key === 'ArrowLeft' ? -0.25 : 0.25, whole))
    return {}
  }

  return (
    <div className={classes.frame} ref={frame}>
      <div className={classes.head}>
        <Group justify="space-between" wrap="nowrap" gap={4} className={classes.heading}>
          <span>{heading}</span>
          <Group gap={2} wrap="nowrap">
            <Tool label="Zoom in (+)" onClick={() => show(zoom(view, 0.5, 0.5, whole))}>
              <IconZoomIn size={16} />
            </Tool>
            <Tool label="Zoom out (−)" disabled={!zoomed} onClick={() => show(zoom(view, 2, 0.5, whole))}>
              <IconZoomOut size={16} />
            </Tool>
            <Tool label="Show all of it (0)" disabled={!zoomed} onClick={() => setZoomed(null)}>
              <IconZoomReset size={16} />
            </Tool>
          </Group>
        </Group>
        <Axis view={view} whole={whole} lines={lines} onView={show} />
      </div>
      <div
        ref={scroller}
        role="treegrid"
        aria-label={label}
        aria-rowcount={rows.length}
        aria-activedescendant={current ? `${id}-${current}` : undefined}
        tabIndex={0}
        className={classes.body}
        style={{ maxHeight }}
        onKeyDown={onKeyDown}
      >
        <div role="presentation" className={classes.rows} style={{ height: virtual.getTotalSize() }}>
          <Grid view={view} origin={whole.from} lines={lines} />
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index]
            return row ? (
              <Row
                key={row.id}
                id={`${id}-${row.id}`}
                row={row}
                index={item.index}
                top={item.start}
                view={view}
                now={now}
                selected={row.id === selected}
                current={row.id === current}
                onSelect={goTo}
                onToggle={onToggle}
                renderLabel={renderLabel}
              />
            ) : null
          })}
        </div>
      </div>
    </div>
  )
}

interface RowProps {
  id: string
  row: WaterfallRow
  index: number
  top: number
  view: View
  now: number
  selected: boolean
  current: boolean
  onSelect: (id: string) => void
  onToggle: ((id: string) => void) | undefined
  renderLabel: ((row: WaterfallRow) => ReactNode) | undefined
}

const Row = memo(function Row({ id, row, index, top, view, now, selected, current, onSelect, onToggle, renderLabel }: RowProps) {
  return (
    <div
      id={id}
      role="row"
      aria-level={row.depth + 1}
      aria-rowindex={index + 1}
      aria-expanded={row.expanded}
      aria-selected={selected}
      data-current={current || undefined}
      className={classes.row}
      style={{ transform: `translateY(${top}px)`, height: ROW_HEIGHT }}
      onClick={() => onSelect(row.id)}
    >
      <div role="gridcell" className={classes.label} style={{ paddingInlineStart: `calc(6px + ${Math.min(row.depth, 16)} * var(--indent))` }}>
        {row.expanded === undefined ? (
          <span className={classes.leaf} />
        ) : (
          // The keyboard opens and closes rows with the arrows.
          <span
            className={classes.toggle}
            aria-hidden
            onClick={(event) => {
              event.stopPropagation()
              onToggle?.(row.id)
            }}
          >
            {row.expanded ? <IconChevronDown size={14} /> : <IconChevronRight size={14} />}
          </span>
        )}
        {renderLabel ? renderLabel(row) : <span className={classes.text}>{row.label}</span>}
      </div>
      <div role="gridcell" className={classes.track}>
        <Bars row={row} view={view} now={now} />
      </div>
    </div>
  )
})

function Bars({ row, view, now }: { row: WaterfallRow; view: View; now: number }) {
  const end = row.end ?? Math.max(now, row.start)
  const bar = span(view, row.start, end)
  const note = row.note ?? lengthOf(end - row.start)
  const segments: readonly Segment[] = row.segments ?? [{ start: row.start, end: row.end, tone: row.tone }]
  return (
    <>
      <span className="visually-hidden">{note}</span>
      {segments.map((segment, index) => {
        const drawn = span(view, segment.start, segment.end ?? Math.max(now, segment.start))
        return drawn ? (
          <span
            key={index}
            className={classes.bar}
            title={segment.title}
            data-thin={segment.thin || undefined}
            data-open={segment.end === undefined || undefined}
            style={{ ...percent(drawn), '--tone': `var(--wb-${segment.tone})` } as CSSProperties}
          />
        ) : null
      })}
      {row.marks?.map((at, index) => {
        const drawn = span(view, at, at)
        return drawn ? <span key={index} className={classes.mark} style={{ left: `${drawn.left * 100}%` }} /> : null
      })}
      {bar ? (
        <span aria-hidden className={classes.note} style={{ left: `calc(${(bar.left + bar.width) * 100}% + 6px)` }}>
          {note}
        </span>
      ) : null}
    </>
  )
}

function Tool({ label, disabled = false, onClick, children }: { label: string; disabled?: boolean; onClick: () => void; children: ReactNode }) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" size="sm" aria-label={label} disabled={disabled} onClick={onClick}>
        {children}
      </ActionIcon>
    </Tooltip>
  )
}

function percent({ left, width }: { left: number; width: number }) {
  return { left: `${left * 100}%`, width: `${width * 100}%` }
}


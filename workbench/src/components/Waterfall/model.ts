/** The drawing of things that take time, below each other on one axis: traces, deliveries of a run. */

/** What a bar is drawn in: a status, or one of the series that tell things apart. */
export type Tone =
  | 'completed'
  | 'running'
  | 'waiting'
  | 'held'
  | 'failed'
  | 'cancelled'
  | 'queued'
  | `series-${1 | 2 | 3 | 4 | 5 | 6}`

/** A piece of a row's bar, such as an attempt, or the wait before it. */
export interface Segment {
  start: number
  /** Without one, it is still going on. */
  end?: number
  tone: Tone
  /** What it is, for whoever points at it. */
  title?: string
  /** A wait is drawn thinner than work. */
  thin?: boolean
}

/** One thing that takes time; rows come in the order of a tree, parents first. Times are milliseconds since the epoch. */
export interface WaterfallRow {
  id: string
  depth: number
  label: string
  start: number
  /** Without one, it is still going on. */
  end?: number
  tone: Tone
  /** Drawn instead of one bar. */
  segments?: readonly Segment[]
  /** Moments within it, such as exceptions. */
  marks?: readonly number[]
  /** Whether the rows below it are shown; nothing when it has none. */
  expanded?: boolean
  /** What is written beside the bar. */
  note?: string
}

/** The part of the time axis that is shown. */
export interface View {
  from: number
  to: number
}

/** The whole of the rows; what is still going on reaches to `now`. */
export function extent(rows: readonly WaterfallRow[], now: number): View {
  let from = Infinity
  let to = -Infinity
  for (const row of rows) {
    from = Math.min(from, row.start)
    to = Math.max(to, row.end ?? Math.max(now, row.start))
    for (const segment of row.segments ?? []) {
      from = Math.min(from, segment.start)
      to = Math.max(to, segment.end ?? Math.max(now, segment.start))
    }
  }
  if (from > to) return { from: now, to: now + 1 }
  // Nothing is infinitely short: an axis needs a width.
  return { from, to: Math.max(to, from + 0.001) }
}

/** Where on the axis a moment is, as a share of its width; beyond 0 and 1 when it is not shown. */
export function place(view: View, at: number): number {
  return (at - view.from) / (view.to - view.from)
}

/** From where to where a bar is drawn, as shares of the width; nothing when it is out of view. */
export function span(view: View, start: number, end: number): { left: number; width: number } | null {
  const left = Math.max(0, place(view, start))
  const right = Math.min(1, place(view, Math.max(end, start)))
  return left > 1 || right < 0 || right < left ? null : { left, width: right - left }
}

/** Zoom by `factor` around a share of the width, within what there is. */
export function zoom(view: View, factor: number, around: number, whole: View): View {
  const length = view.to - view.from
  const wanted = Math.min(whole.to - whole.from, Math.max(length * factor, (whole.to - whole.from) / 100_000))
  return within({ from: view.from + (length - wanted) * around, to: view.from + (length - wanted) * around + wanted }, whole)
}

/** Move by a share of the width, within what there is. */
export function pan(view: View, share: number, whole: View): View {
  const by = (view.to - view.from) * share
  return within({ from: view.from + by, to: view.to + by }, whole)
}

function within(view: View, whole: View): View {
  const shift = Math.max(0, whole.from - view.from) + Math.min(0, whole.to - view.to)
  return { from: Math.max(whole.from, view.from + shift), to: Math.min(whole.to, view.to + shift) }
}

/** Round distances between lines of the axis, about `count` of them: 1, 2 or 5 times a power of ten; seconds, minutes, hours. */
export function ticks(view: View, origin: number, count: number): number[] {
  const step = tickStep((view.to - view.from) / Math.max(1, count))
  const first = Math.ceil((view.from - origin) / step)
  const last = Math.floor((view.to - origin) / step)
  const found: number[] = []
  for (let index = first; index <= last && found.length < 100; index += 1) found.push(index * step)
  return found
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const LONG = [15_000, 30_000, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR, DAY]

function tickStep(least: number): number {
  if (least > 10_000 && least <= DAY) return LONG.find((step) => step >= least) ?? DAY
  if (least > DAY) return Math.ceil(least / DAY) * DAY
  const power = 10 ** Math.floor(Math.log10(least))
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= least) ?? 10)
}

/** A length of time as a label: `340 µs`, `12.5 ms`, `3.2 s`, `4 min 10 s`. */
export function lengthOf(ms: number): string {
  const size = Math.abs(ms)
  if (size === 0) return '0'
  if (size < 1) return `${trim(ms * 1000, 0)} µs`
  if (size < 1000) return `${trim(ms, size < 10 ? 2 : size < 100 ? 1 : 0)} ms`
  if (size < MINUTE) return `${trim(ms / 1000, size < 10_000 ? 2 : 1)} s`
  const [unit, big, small, below] = size < HOUR ? (['min', MINUTE, 1000, 's'] as const) : size < DAY ? (['h', HOUR, MINUTE, 'min'] as const) : (['d', DAY, HOUR, 'h'] as const)
  const whole = Math.floor(size / big)
  const rest = Math.floor((size - whole * big) / small)
  return `${ms < 0 ? '−' : ''}${whole} ${unit}${rest ? ` ${rest} ${below}` : ''}`
}

function trim(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)))
}

/** What a key does to a tree: the row to go to, and whether to open or close one. */
export interface Move {
  to?: string
  toggle?: string
}

/** The keys of a tree: https://www.w3.org/WAI/ARIA/apg/patterns/treegrid/. */
export function move(rows: readonly WaterfallRow[], current: string | null, key: string, page = 15): Move | null {
  const at = rows.findIndex((row) => row.id === current)
  const row = rows[at]
  const go = (index: number): Move => {
    const to = rows[Math.max(0, Math.min(rows.length - 1, index))]
    return to ? { to: to.id } : {}
  }
  switch (key) {
    case 'ArrowDown':
      return go(at + 1)
    case 'ArrowUp':
      return go(at - 1)
    case 'PageDown':
      return go(at + page)
    case 'PageUp':
      return go(at - page)
    case 'Home':
      return go(0)
    case 'End':
      return go(rows.length - 1)
    case 'ArrowRight':
      if (!row || row.expanded === undefined) return {}
      return row.expanded ? go(at + 1) : { toggle: row.id }
    case 'ArrowLeft': {
      if (!row) return {}
      if (row.expanded) return { toggle: row.id }
      const parent = rows.slice(0, at).findLast((each) => each.depth < row.depth)
      return parent ? { to: parent.id } : {}
    }
    default:
      return null
  }
}

import { type PointerEvent, useRef, useState } from 'react'
import { lengthOf, place, ticks, type View } from './model'
import classes from './Waterfall.module.css'

interface AxisProps {
  view: View
  whole: View
  /** About how many lines there is room for. */
  lines: number
  onView: (view: View) => void
}

/** The lines of the axis behind the rows. */
export function Grid({ view, origin, lines }: { view: View; origin: number; lines: number }) {
  return (
    <div aria-hidden className={classes.grid}>
      {ticks(view, origin, lines).map((tick) => (
        <span key={tick} style={{ left: `${place(view, origin + tick) * 100}%` }} />
      ))}
    </div>
  )
}

/** The time since the beginning; what is dragged over is zoomed to. */
export function Axis({ view, whole, lines, onView }: AxisProps) {
  const element = useRef<HTMLDivElement>(null)
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null)
  const share = (event: PointerEvent) => {
    const box = element.current?.getBoundingClientRect()
    return box ? Math.max(0, Math.min(1, (event.clientX - box.left) / box.width)) : 0
  }
  const onUp = () => {
    if (drag) {
      const [first, last] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)]
      const length = view.to - view.from
      // A click is no selection.
      if (last - first > 0.01) onView({ from: view.from + first * length, to: view.from + last * length })
    }
    setDrag(null)
  }
  return (
    <div
      ref={element}
      aria-hidden
      className={classes.axis}
      title="Drag to zoom; double-click to show all of it"
      onDoubleClick={() => onView(whole)}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId)
        setDrag({ from: share(event), to: share(event) })
      }}
      onPointerMove={(event) => drag && setDrag({ ...drag, to: share(event) })}
      onPointerUp={onUp}
      onPointerCancel={() => setDrag(null)}
    >
      {ticks(view, whole.from, lines).map((tick) => (
        <span key={tick} className={classes.tick} style={{ left: `${place(view, whole.from + tick) * 100}%` }}>
          {lengthOf(tick)}
        </span>
      ))}
      {drag ? (
        <span
          className={classes.selection}
          style={{ left: `${Math.min(drag.from, drag.to) * 100}%`, width: `${Math.abs(drag.to - drag.from) * 100}%` }}
        />
      ) : null}
    </div>
  )
}

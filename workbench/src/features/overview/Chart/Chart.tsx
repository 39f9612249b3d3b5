import { useComputedColorScheme } from '@mantine/core'
import { useEffect, useLayoutEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { DASHES } from '../dashes'
import type { Line } from '../model'
import { optionsOf } from './options'
import classes from './Chart.module.css'

export interface ChartProps {
  label: string
  /** Where each place begins, in seconds since the epoch. */
  at: number[]
  lines: Line[]
  format: (value: number) => string
  whole: boolean
  /** The place that is pointed at. */
  place: number | null
  onPlace: (place: number | null) => void
  /** What the place says, for those who do not see it. */
  said: string
}

/** Lines over time. The pointer or the arrow keys move along them, in all charts of the page at once. */
export default function Chart({ label, at, lines, format, whole, place, onPlace, said }: ChartProps) {
  const scheme = useComputedColorScheme('light')
  const holder = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot | null>(null)
  const latest = useRef({ onPlace, format })
  useLayoutEffect(() => {
    latest.current = { onPlace, format }
  })
  const data = useRef<uPlot.AlignedData>([at])
  data.current = [at, ...lines.map((line) => line.values)] as uPlot.AlignedData
  const shape = lines.length

  useEffect(() => {
    const element = holder.current
    if (!element) return
    const options = optionsOf({
      lines: shape,
      dashes: DASHES,
      whole,
      width: element.clientWidth,
      format: (value) => latest.current.format(value),
      onPlace: (found) => latest.current.onPlace(found),
      token: (name) => getComputedStyle(element).getPropertyValue(name).trim(),
    })
    const made = new uPlot(options, data.current, element)
    chart.current = made
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: made.height }))
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.destroy()
      chart.current = null
    }
  }, [shape, scheme, whole])

  useEffect(() => {
    chart.current?.setData([at, ...lines.map((line) => line.values)] as uPlot.AlignedData)
  }, [at, lines])

  const last = at.length - 1
  const go = (to: number) => {
    const made = chart.current
    const moment = at[Math.min(Math.max(to, 0), last)]
    if (made && moment !== undefined) made.setCursor({ left: made.valToPos(moment, 'x'), top: 0 })
  }
  const steps: Record<string, () => void> = {
    ArrowLeft: () => go((place ?? last + 1) - 1),
    ArrowRight: () => go((place ?? last - 1) + 1),
    Home: () => go(0),
    End: () => go(last),
    Escape: () => chart.current?.setCursor({ left: -10, top: -10 }),
  }
  return (
    <div
      ref={holder}
      className={classes.chart}
      role="slider"
      tabIndex={0}
      aria-label={`${label}: move through time`}
      aria-valuemin={0}
      aria-valuemax={Math.max(last, 0)}
      aria-valuenow={place ?? Math.max(last, 0)}
      aria-valuetext={said}
      onKeyDown={(event) => {
        const step = steps[event.key]
        if (!step) return
        event.preventDefault()
        step()
      }}
      onBlur={() => steps.Escape?.()}
    />
  )
}

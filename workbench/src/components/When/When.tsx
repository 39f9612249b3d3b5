import { Tooltip } from '@mantine/core'
import { useEffect, useState } from 'react'
import { agoInWords } from './model'

const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' })
const clock = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  hour12: false,
})

/** The time now, told anew every `every` milliseconds while `running`. */
export function useNow(every = 1_000, running = true): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    if (!running) return
    setNow(Date.now())
    const timer = setInterval(() => setNow(Date.now()), every)
    return () => clearInterval(timer)
  }, [every, running])
  return now
}

interface WhenProps {
  /** ISO text, or seconds since the epoch. */
  at: string | number
  /** `ago`: seen from now; `clock`: the time of day with milliseconds. */
  as?: 'ago' | 'clock'
}

/** A moment: in words or by the clock, in full on hover. */
export function When({ at, as = 'ago' }: WhenProps) {
  const now = useNow(10_000, as === 'ago')
  const date = new Date(typeof at === 'number' ? at * 1_000 : at)
  const text = as === 'ago' ? agoInWords(date.getTime(), Math.max(now, Date.now())) : clock.format(date)
  return (
    <Tooltip label={full.format(date)} openDelay={300} withinPortal>
      <time dateTime={date.toISOString()} style={{ whiteSpace: 'nowrap' }}>
        {text}
      </time>
    </Tooltip>
  )
}

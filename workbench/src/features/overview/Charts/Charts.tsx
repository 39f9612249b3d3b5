import { SegmentedControl, SimpleGrid } from '@mantine/core'
import { useMemo, useState } from 'react'
import type { Api } from '@/api/client'
import { durationInWords } from '@/components/When/model'
import { ChartCard } from '../ChartCard/ChartCard'
import {
  MOST_LINES,
  SHARES,
  SHARE_WORDS,
  type Share,
  atAxis,
  drawn,
  durations,
  failures,
  percent,
  shareOf,
  stretch,
  throughput,
} from '../model'

interface ChartsProps {
  overview: Api['Overview']
  flow: string | null
  when: string
  share: Share
  onShare: (share: Share) => void
}

/** Throughput, durations and failures over time: a line for each flow, or for each step of one. */
export function Charts({ overview, flow, when, share, onShare }: ChartsProps) {
  const [place, setPlace] = useState<number | null>(null)
  const { at, series, lines } = useMemo(() => {
    const series = drawn(overview)
    return {
      at: overview.at.map((moment) => Date.parse(moment) / 1_000),
      series,
      lines: { throughput: throughput(series, flow ? 'attempts' : 'runs'), failures: failures(series) },
    }
  }, [overview, flow])
  const taken = useMemo(() => durations(series, share), [series, share])
  const [things, those] = flow ? ['attempts', 'steps'] : ['runs', 'flows']
  const all = overview.series.length
  const some = all > MOST_LINES ? ` · the busiest ${MOST_LINES} of ${all} ${those}` : ''
  const common = {
    at,
    place,
    onPlace: setPlace,
    when,
    beside: some,
    stretchOf: (number: number) => {
      const moment = at[number]
      if (moment === undefined) return ''
      const text = stretch(moment * 1_000, overview.width, Date.now())
      return number === at.length - 1 ? `${text}, so far` : text
    },
  }
  return (
    <SimpleGrid cols={{ base: 1, lg: 3 }} spacing="sm" component="section" aria-label="Over time">
      <ChartCard
        {...common}
        title="Throughput"
        note={flow ? 'attempts that ended' : 'runs started'}
        lines={lines.throughput}
        format={(value) => value.toLocaleString()}
        whole
      />
      <ChartCard
        {...common}
        title="Duration"
        note={`${SHARE_WORDS[share]} of ${things} took less`}
        lines={taken}
        format={(value) => durationInWords(value * 1_000)}
        formatAxis={(value) => atAxis(value * 1_000)}
        control={
          <SegmentedControl
            size="xs"
            data={[...SHARES]}
            value={share}
            onChange={(value) => onShare(shareOf(value))}
            aria-label="Share of durations"
          />
        }
      />
      <ChartCard
        {...common}
        title="Failures"
        note={`share of ${things} that failed or timed out`}
        lines={lines.failures}
        format={percent}
      />
    </SimpleGrid>
  )
}

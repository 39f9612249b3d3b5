import { ActionIcon, Group, Paper, Skeleton, Text, Title, Tooltip } from '@mantine/core'
import { useToggle } from '@mantine/hooks'
import { IconChartLine, IconTable } from '@tabler/icons-react'
import { type ReactNode, Suspense, lazy } from 'react'
import { DASHES } from '../dashes'
import type { Line } from '../model'
import classes from './ChartCard.module.css'
import { ChartTable } from './ChartTable'

const Chart = lazy(() => import('../Chart/Chart'))

export interface ChartCardProps {
  title: string
  /** What is drawn, in a few words. */
  note: string
  at: number[]
  lines: Line[]
  format: (value: number) => string
  /** Beside the axis, where values are round; as `format` when not given. */
  formatAxis?: (value: number) => string
  whole?: boolean
  /** The place that is pointed at, in all charts. */
  place: number | null
  onPlace: (place: number | null) => void
  /** A place's stretch of time in words. */
  stretchOf: (place: number) => string
  /** The whole time in words. */
  when: string
  /** What else there is to know about the lines. */
  beside: string
  control?: ReactNode
}

/** A chart with what its lines are and say; or the same as a table. */
export function ChartCard(props: ChartCardProps) {
  const { title, note, at, lines, format, formatAxis = format, whole = false, place, onPlace, stretchOf, when } = props
  const [view, toggle] = useToggle(['chart', 'table'] as const)
  const isTable = view === 'table'
  const shown = (line: Line) => (place === null ? line.total : (line.values[place] ?? null))
  const text = (value: number | null) => (value === null ? '–' : format(value))
  const moment = place === null ? when : stretchOf(place)
  const said = `${moment}: ${lines.map((line) => `${line.name} ${text(shown(line))}`).join(', ')}`
  const action = isTable ? 'Show as a chart' : 'Show as a table'
  return (
    <Paper component="section" withBorder p="md" className={classes.card} aria-label={title}>
      <Group justify="space-between" align="flex-start" wrap="nowrap" gap="xs">
        <div>
          <Title order={2} className={classes.title}>
            {title}
          </Title>
          <Text size="xs" c="dimmed">
            {note}
          </Text>
        </div>
        <Group gap={6} wrap="nowrap">
          {props.control}
          <Tooltip label={action}>
            <ActionIcon variant="subtle" color="gray" onClick={() => toggle()} aria-label={`${title}: ${action.toLowerCase()}`}>
              {isTable ? <IconChartLine size={17} aria-hidden /> : <IconTable size={17} aria-hidden />}
            </ActionIcon>
          </Tooltip>
        </Group>
      </Group>
      <div className={classes.canvas}>
        {lines.length === 0 ? (
          <Text c="dimmed" size="sm" className={classes.nothing}>
            Nothing in {when}
          </Text>
        ) : isTable ? (
          <ChartTable title={title} lines={lines} places={at.length} text={text} stretchOf={stretchOf} />
        ) : (
          <Suspense fallback={<Skeleton height={168} radius="sm" />}>
            <Chart label={title} at={at} lines={lines} format={formatAxis} whole={whole} place={place} onPlace={onPlace} said={said} />
          </Suspense>
        )}
      </div>
      <Text size="xs" c="dimmed" className={classes.moment}>
        {moment}
        {props.beside}
      </Text>
      <ul className={classes.legend}>
        {lines.map((line, number) => (
          <li key={line.id} className={classes.line}>
            <Swatch number={number} />
            <span className={classes.name} title={line.name}>
              {line.name}
            </span>
            <span className={classes.value}>{text(shown(line))}</span>
          </li>
        ))}
      </ul>
    </Paper>
  )
}

/** How a line is drawn: its colour and its dash. */
export function Swatch({ number }: { number: number }) {
  return (
    <svg width={22} height={8} aria-hidden className={classes.swatch}>
      <line
        x1={1}
        y1={4}
        x2={21}
        y2={4}
        style={{ stroke: `var(--wb-series-${number + 1})` }}
        strokeWidth={2.25}
        strokeDasharray={(DASHES[number] ?? []).join(' ')}
      />
    </svg>
  )
}

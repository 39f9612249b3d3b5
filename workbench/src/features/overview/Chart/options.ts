import uPlot from 'uplot'

interface Wanted {
  lines: number
  dashes: readonly (readonly number[])[]
  width: number
  format: (value: number) => string
  /** Whether there is nothing between two whole numbers. */
  whole: boolean
  onPlace: (place: number | null) => void
  /** The value of a token of the style sheet. */
  token: (name: string) => string
}

const HEIGHT = 168
const FONT = '11px "Inter Variable", system-ui, sans-serif'

const WHOLE = Array.from({ length: 10 }, (_, zeros) => [1, 2, 5].map((digit) => digit * 10 ** zeros)).flat()

/** The clock, or the day when there are several. */
const TIMES: uPlot.Axis.DynamicValues = (_, splits) => {
  const long = (splits[splits.length - 1] ?? 0) - (splits[0] ?? 0) > 2 * 86_400
  return splits.map((at) => (long ? day : clock).format(at * 1_000))
}
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hour12: false })
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })

/** How a chart of lines over time looks and is moved along. */
export function optionsOf({ lines, dashes, width, format, whole, onPlace, token }: Wanted): uPlot.Options {
  const axis = {
    stroke: token('--wb-text-quiet'),
    font: FONT,
    grid: { stroke: token('--wb-grid'), width: 1 },
    ticks: { show: false },
  }
  return {
    width,
    height: HEIGHT,
    padding: [10, 8, 0, 0],
    legend: { show: false },
    cursor: {
      sync: { key: 'overview' },
      y: false,
      drag: { x: false, y: false },
      points: { size: 7, width: 2 },
    },
    scales: { x: { time: true }, y: { range: (_, __, most) => [0, roomFor(most)] } },
    axes: [
      { ...axis, values: TIMES, grid: { show: false }, size: 26, space: 64 },
      {
        ...axis,
        size: (chart, values) => widthOf(chart, values),
        space: 34,
        ...(whole ? { incrs: WHOLE } : {}),
        values: (_, splits) => splits.map(format),
      },
    ],
    series: [
      {},
      ...Array.from({ length: lines }, (_, place): uPlot.Series => {
        const color = token(`--wb-series-${place + 1}`)
        return {
          stroke: color,
          width: 1.75,
          dash: [...(dashes[place] ?? [])],
          points: { size: 5, fill: color, filter: alone },
          ...(lines === 1 ? { fill: `${color}1f` } : {}),
        }
      }),
    ],
    hooks: { setCursor: [(chart) => onPlace(chart.cursor.idx ?? null)] },
  }
}

/** Between gaps there is no line to see: such points are drawn, and all of them where they are far apart. */
const alone: uPlot.Series.Points.Filter = (chart, series, show) => {
  if (show) return null
  const values = Array.from(chart.data[series] ?? [])
  return values.flatMap((value, place) =>
    value != null && values[place - 1] == null && values[place + 1] == null ? [place] : [],
  )
}

/** The top of the scale: a little above the highest point, and never a scale of nothing. */
function roomFor(most: number | null): number {
  return most !== null && most > 0 ? most * 1.08 : 1
}

function widthOf(chart: uPlot, values: string[] | null): number {
  const longest = (values ?? []).reduce((one, other) => (other.length > one.length ? other : one), '')
  chart.ctx.font = FONT
  return Math.max(34, Math.ceil(chart.ctx.measureText(longest).width / devicePixelRatio) + 14)
}

/** A row of the table: a figure, its unit, and what it should at most (or at least) be. */
export interface Figure {
  what: string
  values: number[]
  unit: 'ms' | 'frames/s'
  target?: number
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** Whether it is as it should be; frames per second should be more, times less. */
export function meets({ values, unit, target }: Figure): boolean | null {
  if (target === undefined) return null
  return unit === 'ms' ? median(values) <= target : median(values) >= target
}

/** The figures as a Markdown table: the median, and the smallest and largest. */
export function asTable(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => {
    const { what, values, unit, target } = figure
    const digits = (value: number) => value.toFixed(value < 10 ? 1 : 0)
    const spread = `${digits(Math.min(...values))} to ${digits(Math.max(...values))}`
    const passed = meets(figure)
    const aim = target === undefined ? '' : `${unit === 'ms' ? '≤' : '≥'} ${target} ${passed ? '✓' : '✗'}`
    return `| ${what} | ${digits(median(values))} ${unit} | ${spread} | ${aim} |`
  })
  return ['| what | median | spread | target |', '|---|---|---|---|', ...rows].join('\n')
}

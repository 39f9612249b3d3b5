/** Seconds, or text such as `30s` and `1h 30m`. */
export type Duration = number | string

const PATTERN = /^(?:(\d+)d)?\s*(?:(\d+)h)?\s*(?:(\d+)m)?\s*(?:(\d+(?:\.\d+)?)s)?$/

/** The seconds that `duration` stands for; throws a `RangeError` for text that is none. */
export function seconds(duration: Duration): number {
  if (typeof duration === 'number') return nonNegative(duration, duration)
  const parts = PATTERN.exec(duration.trim())
  if (!parts || parts.slice(1).every((part) => part === undefined)) {
    throw new RangeError(
      `expected seconds, or a duration such as \`30s\` or \`1h 30m\`, found \`${duration}\``,
    )
  }
  const [days = 0, hours = 0, minutes = 0, rest = 0] = parts
    .slice(1)
    .map((part) => Number(part ?? 0))
  return ((days * 24 + hours) * 60 + minutes) * 60 + rest
}

function nonNegative(value: number, given: Duration): number {
  if (!Number.isFinite(value) || value < 0) {
    throw new RangeError(`expected a duration of 0 seconds or more, found \`${given}\``)
  }
  return value
}

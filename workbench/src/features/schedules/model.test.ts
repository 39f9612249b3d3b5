import { describe, expect, it } from 'vitest'
import { backfillWords, fieldOf, inZone, momentOf, rangeProblem, sameClock } from './model'

it('shows a moment by the clocks of a zone', () => {
  expect(inZone('2026-01-05T08:30:00Z', 'Europe/Zurich')).toBe('Mon 5 Jan, 09:30')
  expect(inZone('2026-07-05T08:30:00Z', 'Europe/Zurich')).toBe('Sun 5 Jul, 10:30')
  expect(sameClock('2026-01-05T08:30:00Z', 'Europe/Zurich', 'Europe/Paris')).toBe(true)
  expect(sameClock('2026-01-05T08:30:00Z', 'Europe/Zurich', 'UTC')).toBe(false)
})

it('reads what a field for moments holds', () => {
  const at = new Date('2026-03-29T03:30:00Z')
  expect(momentOf(fieldOf(at))).toBe(at.toISOString())
  expect(momentOf('')).toBeNull()
  expect(momentOf('soon')).toBeNull()
})

describe('a range to make up for', () => {
  const now = new Date('2026-06-01T12:00')
  it.each([
    ['2026-05-01T00:00', '2026-05-02T00:00', null],
    ['', '2026-05-02T00:00', 'Give both'],
    ['2026-05-02T00:00', '2026-05-02T00:00', 'later'],
    ['2026-05-02T00:00', '2026-06-02T00:00', 'future'],
  ])('%s to %s', (since, until, says) => {
    const found = rangeProblem(since, until, now)
    if (says === null) expect(found).toBeNull()
    else expect(found).toContain(says)
  })

  it('says what will happen', () => {
    const missing = { at: 'a' }
    const made = { at: 'b', run_id: 'r' }
    expect(backfillWords([])).toContain('does not tick')
    expect(backfillWords([missing, missing])).toBe('2 runs are started, one for each tick without.')
    expect(backfillWords([missing, made])).toBe('One run is started, one for each tick without. One has a run already and is left as it is.')
    expect(backfillWords([made, made])).toContain('nothing to make up for')
  })
})

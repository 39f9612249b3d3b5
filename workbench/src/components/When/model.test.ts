import { describe, expect, it } from 'vitest'
import { agoInWords, durationInWords } from './model'

describe('agoInWords', () => {
  const now = Date.UTC(2026, 0, 2, 12)
  it.each([
    [-2_000, 'just now'],
    [-30_000, '30 sec. ago'],
    [-5 * 60_000, '5 min. ago'],
    [-3 * 3_600_000, '3 hr. ago'],
    [2 * 86_400_000, 'in 2 days'],
  ])('%d ms from now is %s', (distance, words) => {
    expect(agoInWords(now + distance, now)).toBe(words)
  })
})

describe('durationInWords', () => {
  it.each([
    [0, '< 1 ms'],
    [12.4, '12 ms'],
    [1_432, '1.43 s'],
    [12_340, '12.3 s'],
    [59_960, '1 min'],
    [185_000, '3 min 5 s'],
    [7_200_000, '2 h'],
    [187_200_000, '2 d 4 h'],
  ])('%d ms is %s', (milliseconds, words) => {
    expect(durationInWords(milliseconds)).toBe(words)
  })
})

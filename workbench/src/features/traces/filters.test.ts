import { expect, it } from 'vitest'
import { readFilters, writeFilters } from './filters'

it('keeps filters in the address', () => {
  const filters = { flow: 'orders', name: 'GET /x?y', failed: true, min_seconds: 0.5 }
  expect(readFilters(writeFilters(filters))).toEqual(filters)
  expect(writeFilters({ flow: '', failed: false }).toString()).toBe('')
})

it('leaves out what makes no sense', () => {
  expect(readFilters(new URLSearchParams('failed=maybe&min_seconds=-1&flow=%20&other=1'))).toEqual({})
})

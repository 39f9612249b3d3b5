import { describe, expect, it } from 'vitest'
import { ApiError } from '@/api/errors'
import { asText, type Entry, inShort, isConflict, read, setRequest, settle } from './model'

const entry = (version: number, value: unknown): Entry => ({ group: 'g', key: 'k', value, version, updated_at: 1 })

it('reads what is JSON, and says why when it is not', () => {
  expect(read(asText({ a: [1] }))).toEqual({ ok: true, value: { a: [1] } })
  expect(read('null')).toEqual({ ok: true, value: null })
  expect(read('{')).toMatchObject({ ok: false })
})

it('shortens', () => {
  expect(inShort({ a: 1 })).toBe('{"a":1}')
  expect(inShort('x'.repeat(99), 10)).toBe('"xxxxxxxxx…')
})

describe('compare and set', () => {
  it('writes only over what was seen', () => {
    expect(setRequest(entry(7, 1), 2)).toEqual({ value: 2, if_version: 7, if_absent: false })
    expect(setRequest(null, 2)).toEqual({ value: 2, if_absent: true })
  })

  it('knows a conflict', () => {
    expect(isConflict(new ApiError(409, 'state_conflict', 'x'))).toBe(true)
    expect(isConflict(new ApiError(503, 'store_unavailable', 'x'))).toBe(false)
  })

  it('puts mine over theirs, whatever it is by now, or leaves theirs', () => {
    const conflict = { base: entry(7, 'base'), theirs: entry(9, 'theirs'), mine: 'mine' }
    expect(settle(conflict, 'mine')).toEqual({ value: 'mine', if_version: 9, if_absent: false })
    expect(settle({ ...conflict, theirs: null }, 'mine')).toEqual({ value: 'mine', if_absent: true })
    expect(settle(conflict, 'theirs')).toBeNull()
  })
})

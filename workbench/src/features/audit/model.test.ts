import { describe, expect, it } from 'vitest'
import { forkOf, reasonOf, wantedOf, whatOf, whoOf } from './model'

describe('who did it', () => {
  it.each([
    ['user:anna@shop.example', 'anna@shop.example', 'User'],
    ['key:shop-frontend', 'shop-frontend', 'API key'],
    ['token:Ben: the second', 'Ben: the second', 'Management token'],
    ['token', 'Management token', ''],
    ['anonymous', 'Nobody known', ''],
  ])('%s', (identity, name, kind) => {
    expect(whoOf(identity)).toEqual({ name, kind })
  })
})

describe('what an entry tells', () => {
  it('is in words where there are any', () => {
    expect(whatOf({ action: 'run.cancel', outcome: 'done' })).toBe('Asked the run to end')
    expect(whatOf({ action: 'call', outcome: 'refused' })).toBe('Wanted to call a flow')
    expect(whatOf({ action: 'moon.land', outcome: 'failed' })).toBe('moon.land')
    expect(reasonOf({ reason: 'scope_missing' })).toBe('the key lacks a scope')
    expect(reasonOf({ reason: 'odd' })).toBe('odd')
  })
})

it('names the run in which another one goes on', () => {
  expect(forkOf({ action: 'run.fork', subject: 'r2' })).toBe('r2')
  expect(forkOf({ action: 'run.retry', subject: null })).toBeNull()
  expect(forkOf({ action: 'schedule.pause', subject: 'nightly' })).toBeNull()
})

it('reads the filters of the address, and takes no other kinds', () => {
  const wanted = wantedOf(new URLSearchParams('kind=done&flow=orders&run_id=r1&kind=x'))
  expect(wanted).toEqual({ kind: 'done', flow: 'orders', who: null, action: null, run_id: 'r1' })
  expect(wantedOf(new URLSearchParams('kind=else')).kind).toBeNull()
})

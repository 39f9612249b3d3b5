import { expect, it } from 'vitest'
import { askedFor, filtersOf, freshRuns, isNarrow } from './filters'
import { aRun, news } from './fixture'

const of = (query: string) => filtersOf(new URLSearchParams(query))

it('reads filters from the URL, and passes over what is no status', () => {
  expect(of('flow=a&flow=b&status=failed,odd&text=%2012')).toEqual({ flow: ['a', 'b'], status: ['failed'], trigger: '', version: '', since: '', text: '12' })
  expect(isNarrow(of(''))).toBe(false)
  expect(isNarrow(of('text=1'))).toBe(true)
})

it('asks since a whole minute', () => {
  expect(askedFor(of('since=1h'), Date.UTC(2026, 0, 2, 12, 30, 42)).since).toBe('2026-01-02T11:30:00.000Z')
  expect(askedFor(of('since=2026-01-01T00:00:00Z'), 0).since).toBe('2026-01-01T00:00:00Z')
  expect(askedFor(of(''), 0)).toEqual({})
})

it('tells new runs that would be listed', () => {
  const started = [news('run.started', { run_id: 'new', message: 'api:place_order' }), news('run.started'), news('run.completed', { run_id: 'x' })]
  expect(freshRuns(started, [aRun()], of(''))).toEqual(['new'])
  expect(freshRuns(started, [aRun()], of('flow=other'))).toEqual([])
  expect(freshRuns(started, [aRun()], of('status=failed'))).toEqual([])
  expect(freshRuns(started, [aRun()], of('trigger=cron'))).toEqual([])
  expect(freshRuns(started, [aRun()], of('text=eW'))).toEqual(['new'])
  expect(freshRuns(started, [aRun()], of('text=s/ne'))).toEqual(['new'])
  expect(freshRuns(started, [aRun()], of('text=orders'))).toEqual([])
})

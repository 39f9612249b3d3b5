import { expect, test } from 'vitest'

import { StoreError } from '../../src/errors.js'
import { JournalBuffer } from '../../src/worker/buffer.js'
import type { JournalEntry } from '../../src/worker/journal.js'
import { Log } from '../../src/worker/log.js'

const lines: string[] = []
const log = new Log({}, { write: (text) => lines.push(text) })

function entry(message: string, kind = 'log'): JournalEntry {
  const ids = { flow: 'f', run_id: 'r', delivery_id: 'd', step: 's' }
  return { kind, at: 0, ...ids, attempt: 1, level: 'info', message, fields: {} }
}

const messages = (batches: readonly (readonly JournalEntry[])[]): string[][] =>
  batches.map((batch) => batch.map(({ message }) => message))

test('entries travel together, in order, and nobody waits', async () => {
  const batches: (readonly JournalEntry[])[] = []
  const sink = (batch: readonly JournalEntry[]) => Promise.resolve(void batches.push(batch))
  const buffer = new JournalBuffer(sink, log, { every: 20, batch: 3 })
  for (const message of ['a', 'b', 'c', 'd']) buffer.append(entry(message))
  expect(batches).toHaveLength(0)
  await expect.poll(() => buffer.size).toBe(0)
  expect(messages(batches)).toEqual([['a', 'b', 'c'], ['d']])
  buffer.append(entry('e'))
  await buffer.close()
  expect(messages(batches).at(-1)).toEqual(['e'])
  buffer.append(entry('f'))
  expect(buffer.dropped).toBe(1)
})

test('what a journal that is away cannot take waits; log lines are dropped first', async () => {
  let away = true
  const batches: (readonly JournalEntry[])[] = []
  const sink = (batch: readonly JournalEntry[]): Promise<void> => {
    if (away) return Promise.reject(new StoreError('away'))
    batches.push(batch)
    return Promise.resolve()
  }
  const buffer = new JournalBuffer(sink, log, { every: 5, capacity: 3 })
  buffer.append(entry('line'))
  buffer.append(entry('1', 'delivery.started'))
  buffer.append(entry('2', 'delivery.completed'))
  buffer.append(entry('3', 'delivery.started'))
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(buffer.size).toBe(3)
  away = false
  await buffer.close()
  expect(messages(batches).flat()).toEqual(['1', '2', '3'])
  expect(buffer.dropped).toBe(1)
  expect(lines.join('')).toContain('the journal is away: away')
})

test('what is refused is lost, and holds nothing up', async () => {
  let first = true
  const taken: string[] = []
  const sink = (batch: readonly JournalEntry[]): Promise<void> => {
    if (first) {
      first = false
      return Promise.reject(new StoreError('too large', { retryable: false }))
    }
    taken.push(...batch.map(({ message }) => message))
    return Promise.resolve()
  }
  const buffer = new JournalBuffer(sink, log, { every: 5 })
  buffer.append(entry('a'))
  await expect.poll(() => buffer.dropped).toBe(1)
  buffer.append(entry('b'))
  await buffer.close()
  expect(taken).toEqual(['b'])
})

test('closing does not wait for a journal that stays away', async () => {
  const buffer = new JournalBuffer(() => Promise.reject(new StoreError('away')), log, { every: 1 })
  buffer.append(entry('a'))
  await buffer.close(50)
  expect(buffer.dropped).toBe(1)
  expect(lines.join('')).toContain('1 journal entries were lost')
})

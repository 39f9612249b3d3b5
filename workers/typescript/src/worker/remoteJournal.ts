/** The journal over the worker API, for all the runs that this worker serves. */

import type { Sink } from './buffer.js'
import type { JournalEntry } from './journal.js'
import type { Log } from './log.js'
import type { Mint } from './tokenMinter.js'
import type { WorkerApi } from './workerClient.js'

const MAX_REQUEST_CHARACTERS = 512 * 1024
const MAX_REQUEST_ENTRIES = 1000

interface Refusal {
  readonly entries: number
  readonly message: string
}

/** A sink that makes one attempt; put it behind a `JournalBuffer`, which repeats. */
export function remoteJournal(api: WorkerApi, mint: Mint, log: Log): Sink {
  return async (entries) => {
    for (const part of partsOf(entries)) {
      const { refused } = await api.call('/journal', bodyOf(part, mint))
      for (const { entries: count, message } of refused as Refusal[]) {
        log.write('error', `${count} journal entries were refused: ${message}`)
      }
    }
  }
}

interface Line {
  readonly flow: string
  readonly run: string
  readonly text: string
}

/** The entries in order, in parts that the API takes in one request. */
function* partsOf(entries: readonly JournalEntry[]): Generator<Line[]> {
  let part: Line[] = []
  let size = 0
  for (const entry of entries) {
    if (size > MAX_REQUEST_CHARACTERS || part.length === MAX_REQUEST_ENTRIES) {
      yield part
      part = []
      size = 0
    }
    const text = JSON.stringify(entry)
    part.push({ flow: entry.flow, run: entry.run_id, text })
    size += text.length
  }
  if (part.length > 0) yield part
}

/** The entries by run, each run's with its token: one request serves them all. */
function bodyOf(lines: readonly Line[], mint: Mint): string {
  const batches = new Map<string, string[]>()
  for (const { flow, run, text } of lines) {
    const token = mint(flow, run)
    const batch = batches.get(token)
    if (batch === undefined) batches.set(token, [text])
    else batch.push(text)
  }
  const texts = [...batches].map(
    ([token, batch]) => `{"token":${JSON.stringify(token)},"entries":[${batch.join(',')}]}`,
  )
  return `{"batches":[${texts.join(',')}]}`
}

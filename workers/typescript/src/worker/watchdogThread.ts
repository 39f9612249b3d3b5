/** The thread of the watchdog: see `watchdog.ts`. */

import { writeSync } from 'node:fs'
import { setInterval } from 'node:timers'
import { workerData } from 'node:worker_threads'

const CHECK_MS = 500
const STDERR = 2

const shared = workerData as Float64Array

setInterval(() => {
  const [seen = 0, allowed = 0] = shared
  const silent = Date.now() - seen
  if (allowed === 0 || silent <= allowed) return
  const event = `a handler has blocked this worker for ${Math.round(silent / 1000)} s, longer than an attempt may take; it ends`
  const timestamp = new Date().toISOString()
  const line = { event, level: 'error', logger: 'wistro.worker', timestamp }
  writeSync(STDERR, `${JSON.stringify(line)}\n`)
  process.kill(process.pid, 'SIGKILL')
}, CHECK_MS)

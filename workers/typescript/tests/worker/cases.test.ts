import { readdirSync, readFileSync } from 'node:fs'

import { describe, expect, test } from 'vitest'

import { WistroError } from '../../src/errors.js'
import type { State } from '../../src/state.js'
import { packed } from '../../src/worker/activities.js'
import { Attempt } from '../../src/worker/attempt.js'
import { type ErrorInfo, readInvocation, type StepResult } from '../../src/worker/contract.js'
import { Deliveries } from '../../src/worker/deliveries.js'
import { Executor, type Steps } from '../../src/worker/executor.js'
import { describe as describeError, StepFailed } from '../../src/worker/failures.js'
import { DeliveryJournal, type JournalEntry } from '../../src/worker/journal.js'
import { Log } from '../../src/worker/log.js'
import { readManifest } from '../../src/worker/manifest.js'
import { PreparedStep, shapesOf } from '../../src/worker/prepared.js'
import { EnvironmentSecrets, Mask } from '../../src/worker/secrets.js'
import { MemoryCalls } from '../../src/testing/memoryCalls.js'
import { type Json, Script } from './script.js'

/** What Temporal takes where nothing is stored elsewhere. */
const PAYLOAD_LIMIT = 1_900_000

interface Expected extends Json {
  readonly details?: Json
  readonly details_has?: readonly string[]
  readonly issues?: readonly string[]
  readonly message_has?: readonly string[]
  readonly message_limit?: number
  readonly never?: readonly string[]
}

interface ExpectedLog extends Json {
  readonly message_has?: readonly string[]
  readonly field_names?: readonly string[]
}

interface Case {
  readonly name: string
  readonly only?: readonly string[]
  readonly motia?: boolean
  readonly step?: Json
  readonly invocation?: Json
  readonly answers?: Json
  readonly environment?: Record<string, string>
  readonly handler: readonly Json[]
  readonly afterwards?: readonly Json[]
  readonly result?: Json
  readonly error?: Expected
  readonly afterwards_error?: Expected
  readonly logs?: readonly ExpectedLog[]
}

const FOLDER = new URL('../../../contract/', import.meta.url)

function load<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')) as T
}

const DEFAULTS = load<{ step: Json; invocation: Json }>('case_defaults.json')
const silent = new Log({}, { write: () => true })

interface Outcome {
  readonly ended: StepResult | ErrorInfo
  readonly logs: readonly JournalEntry[]
  readonly afterwards: ErrorInfo | null
}

async function run(given: Case): Promise<Outcome> {
  const declared = { ...DEFAULTS.step, ...given.step }
  const script = new Script(String(declared['kind']), given.handler, given.afterwards)
  const entries: JournalEntry[] = []
  const mask = new Mask()
  const journal = new DeliveryJournal((entry) => entries.push(entry), mask, silent)
  const executor = new Executor(steps(declared, script, given), {
    state: () => ({}) as State,
    streams: () => ({}),
    calls: () => new MemoryCalls(),
    secrets: new EnvironmentSecrets(mask, given.environment ?? {}),
    log: (...line) => journal.log(...line),
  })
  const deliveries = new Deliveries(executor, journal, mask)
  const ended = await attempt({ ...DEFAULTS.invocation, ...given.invocation }, deliveries)
  const logs = entries.filter(({ kind }) => kind === 'log')
  return { ended, logs, afterwards: script.goOn() }
}

function steps(declared: Json, { handler }: Script, { motia, answers = {} }: Case): Steps {
  const manifest = readManifest({
    version: 1,
    language: 'node',
    project: 'shop',
    build: '1',
    root: '/shop',
    queues: [{ name: 'shop.steps.node', concurrency: 1 }],
    steps: { it: declared },
    answers,
    message_size: 1,
    storage: { path: '/shop', threshold: 1 },
    key_file: '/shop',
    drain: 0,
  })
  const loaded = { path: 'steps/it.step.ts', config: {}, handler, middleware: [], parse: null }
  const prepared = Object.entries(manifest.steps).map(
    ([id, step]) => [id, new PreparedStep(id, step, loaded, motia)] as const,
  )
  return { prepared: new Map(prepared), broken: new Map(), answers: shapesOf(manifest.answers) }
}

async function attempt(invocation: Json, deliveries: Deliveries): Promise<StepResult | ErrorInfo> {
  try {
    const read = readInvocation(JSON.parse(JSON.stringify(invocation)))
    const result = await deliveries.attempt(read, new Attempt(read.attempt + 1))
    packed(read.step, result, PAYLOAD_LIMIT)
    return result
  } catch (error) {
    if (error instanceof StepFailed) return error.info
    if (error instanceof WistroError) return describeError(error)
    throw error
  }
}

function checkError(found: ErrorInfo, expected: Expected): void {
  for (const name of ['code', 'message', 'type', 'retryable', 'retry_after'] as const) {
    if (name in expected) expect(found[name], name).toEqual(expected[name])
  }
  const details = (found.details ?? {}) as Json & { issues?: { field: string }[] }
  expect(details).toMatchObject(expected.details ?? {})
  for (const name of expected.details_has ?? []) expect(details).toHaveProperty(name)
  if (expected.issues) {
    const fields = (details.issues ?? []).map(({ field }) => field)
    expect([...new Set(fields)].sort()).toEqual([...expected.issues].sort())
  }
  for (const text of expected.message_has ?? []) expect(found.message).toContain(text)
  expect(found.message.length).toBeLessThanOrEqual(expected.message_limit ?? Infinity)
  for (const word of expected.never ?? []) expect(JSON.stringify(found)).not.toContain(word)
}

function checkLog(found: JournalEntry, expected: ExpectedLog): void {
  const { message_has: parts = [], field_names: names, ...exact } = expected
  expect(found).toMatchObject(exact)
  for (const text of parts) expect(found.message).toContain(text)
  if (names) expect(Object.keys(found.fields).sort()).toEqual([...names].sort())
}

for (const file of readdirSync(new URL('cases/', FOLDER))) {
  const { cases } = load<{ cases: Case[] }>(`cases/${file}`)
  describe(file, () => {
    const ours = cases.filter(({ only }) => only?.includes('node') ?? true)
    test.each(ours)('$name', async (given) => {
      const { ended, logs, afterwards } = await run(given)
      if (given.error) {
        expect(ended).toHaveProperty('code')
        checkError(ended as ErrorInfo, given.error)
      } else {
        const wanted = new Script('event', []).make(given.result ?? {})
        expect(JSON.parse(JSON.stringify(ended))).toMatchObject(wanted as Json)
      }
      if (given.afterwards_error) {
        if (afterwards === null) throw new Error('nothing was refused after the attempt')
        checkError(afterwards, given.afterwards_error)
      } else expect(afterwards).toBeNull()
      if (given.logs) {
        expect(logs).toHaveLength(given.logs.length)
        for (const [index, line] of logs.entries()) checkLog(line, given.logs[index] ?? {})
      }
    })
  })
}

/** Keeps what step files do when they are imported from taking the discoverer down. */
import { Worker } from 'node:worker_threads'

import { SetupError } from '../errors.js'

/** What the discoverer keeps to itself. */
export interface Guarded {
  /** Write to the real stdout. */
  print(text: string): Promise<void>
  /** End the process for good: neither exit listeners nor timers of step files hold it. */
  end(code: number): never
}

/**
 * Make `process.exit` an error of the file that calls it, and rejections that nobody handles a
 * warning; what step files print goes to stderr.
 */
export function guardProcess(): Guarded {
  const { stdout } = process
  const exit = process.exit.bind(process)
  process.exit = (code) => {
    throw new SetupError(`it ends the process (\`process.exit(${code ?? ''})\`)`, {
      hint: 'a step file is imported; keep what ends the process inside a function',
    })
  }
  const warn = (error: unknown) => {
    console.error(error)
  }
  process.on('uncaughtException', warn)
  process.on('unhandledRejection', warn)
  Object.defineProperty(process, 'stdout', { value: process.stderr })
  return {
    print: (text) => new Promise((done) => stdout.write(text, () => { done() })),
    end: (code) => {
      process.removeAllListeners('exit')
      return exit(code)
    },
  }
}

const WATCH = `
const { workerData: { limit, turn } } = require('node:worker_threads')
let seen = Atomics.load(turn, 0)
for (;;) {
  if (Atomics.wait(turn, 0, seen, limit * 1000) === 'timed-out') process.kill(process.pid, 'SIGALRM')
  seen = Atomics.load(turn, 0)
}`

/**
 * Kills the process when a file loops without end, which nothing inside its thread could stop: the
 * parent then leaves that file out. The function that is returned says that the next file's turn has come.
 *
 * @param limit - Seconds that one file may take.
 */
export function watch(limit: number): () => void {
  const turn = new Int32Array(new SharedArrayBuffer(4))
  new Worker(WATCH, { eval: true, workerData: { limit, turn }, execArgv: [] }).unref()
  return () => {
    Atomics.add(turn, 0, 1)
    Atomics.notify(turn, 0)
  }
}

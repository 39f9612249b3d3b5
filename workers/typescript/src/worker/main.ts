/** `node dist/worker/main.js serve --manifest FILE`: the worker process. Ends with 0 when drained. */

import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

import { CodecError } from '../codec/index.js'
import { SetupError } from '../errors.js'
import { Control } from './control.js'
import { describe } from './failures.js'
import { guardProcess } from './guard.js'
import { Log } from './log.js'
import { loadManifest } from './manifest.js'
import { Mask } from './secrets.js'
import { serve } from './serve.js'

const USAGE = 'usage: main.js serve --manifest FILE'

async function main(): Promise<number> {
  // When whoever reads the log is gone, there is nobody to tell: least of all that telling failed.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  const control = Control.open()
  const log = new Log()
  const mask = new Mask()
  const signalled = new Promise<void>((stop) => {
    // Once: the second signal ends the process at once.
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop())
  })
  const stop = Promise.race([signalled, control.gone])
  let isReady = false
  try {
    const manifest = loadManifest(manifestFile())
    guardProcess(log, mask, manifest.root)
    process.chdir(manifest.root)
    const ready = async (): Promise<void> => {
      isReady = true
      const queues = manifest.queues.map(({ name }) => name)
      log.write('info', 'ready', { steps: Object.keys(manifest.steps).length, queues })
      await control.report({ event: 'ready' })
    }
    const served = serve(manifest, { log, mask, ready, stop })
    // Nothing runs yet that would have to be drained, and what is waited for may never come.
    const givenUp = stop.then(() => (isReady ? served : undefined))
    await Promise.race([served, givenUp])
    return 0
  } catch (error) {
    const { message, hint } = explained(error)
    log.write('error', message, hint === null ? {} : { hint })
    // A worker that breaks is started again; one that cannot start is not.
    if (!isReady) await control.report({ event: 'failed', message, hint })
    return 1
  }
}

function manifestFile(): string {
  const options = { manifest: { type: 'string' } } as const
  const { values, positionals } = parseArgs({ options, allowPositionals: true })
  if (positionals.join(' ') === 'serve' && values.manifest) return resolve(values.manifest)
  throw new SetupError(`expected \`serve --manifest FILE\`, found \`${process.argv.slice(2).join(' ')}\``, {
    code: 'usage',
    hint: USAGE,
  })
}

/** A mistake of a person in plain words; a mistake of ours with its stack. */
function explained(error: unknown): { message: string; hint: string | null } {
  if (error instanceof SetupError) return { message: error.message, hint: error.hint ?? null }
  if (error instanceof CodecError) {
    return { message: error.message.split('\nhint:')[0] ?? '', hint: error.hint }
  }
  const { message, stack } = describe(error)
  return { message: stack ?? message, hint: null }
}

const exit = process.exit.bind(process)
// The streams of user code, and connections that nobody closed, must not keep the process.
void main().then((code) => exit(code))

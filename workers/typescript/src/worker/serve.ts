/** A worker process: loads the steps of a project and runs them until it is told to stop. */

import { hostname } from 'node:os'

import { GracefulShutdownPeriodExpiredError, Worker, type WorkerOptions } from '@temporalio/worker'

import { dataConverter, type Keys, loadKeys, WistroCodec } from '../codec/index.js'
import { Loader } from '../loader/index.js'
import { HEARTBEAT_MS, PATIENCE, type StepActivity, stepActivity } from './activities.js'
import { JournalBuffer } from './buffer.js'
import { connect, type Connected, installRuntime } from './connection.js'
import { Deliveries } from './deliveries.js'
import { Executor, type Services } from './executor.js'
import { messageOf } from './failures.js'
import { DeliveryJournal } from './journal.js'
import type { Log } from './log.js'
import type { Manifest, ManifestQueue } from './manifest.js'
import { RemoteCalls } from './remoteCalls.js'
import { remoteJournal } from './remoteJournal.js'
import { RemoteState } from './remoteState.js'
import { remoteStreams } from './remoteStreams.js'
import { EnvironmentSecrets, type Mask } from './secrets.js'
import { loadSteps } from './steps.js'
import { loadRules, STREAM_ACCESS, streamAccess } from './streamAccess.js'
import { startTracing } from './telemetry.js'
import { tokenMinter } from './tokenMinter.js'
import { Watchdog } from './watchdog.js'
import { WorkerApi } from './workerClient.js'

const DEFAULT_API = 'http://127.0.0.1:3000'
/** Milliseconds beyond the drain and the handlers' last chance after which the SDK gives up. */
const MARGIN_MS = 5000

/** What a worker process lives by. */
export interface Surroundings {
  readonly log: Log
  /** Hides secrets. */
  readonly mask: Mask
  /** Called when deliveries are taken. */
  ready(): Promise<void>
  /** Resolves when the worker is to stop. */
  readonly stop: Promise<void>
}

/**
 * Serve the steps of `manifest` until `stop`; then drain.
 *
 * @throws SetupError, CodecError
 */
export async function serve(manifest: Manifest, surroundings: Surroundings): Promise<void> {
  const { log } = surroundings
  // Before the project's modules are loaded, so that the thread is not in their way.
  const watchdog = new Watchdog()
  installRuntime(log)
  const keys = loadKeys(manifest.key_file, process.env, (message) => log.write('warning', message))
  const stopTracing = await startTracing(`${manifest.project}.worker`)
  const connecting = connect(log)
  // Awaited below; if the project cannot be loaded, nobody gets there.
  connecting.catch(() => undefined)
  const { activities, buffer } = await prepare(manifest, keys, surroundings, watchdog)
  const connected = await connecting
  try {
    const workers = await Promise.all(
      manifest.queues.map((queue) =>
        Worker.create(workerOptions(manifest, queue, connected, keys, activities)),
      ),
    )
    await run(workers, surroundings)
  } finally {
    await buffer.close()
    // A collector that is away is no reason to end as if the work had failed.
    await stopTracing().catch((error: unknown) => {
      log.write('warning', `the last spans were not exported: ${messageOf(error)}`)
    })
    await connected.connection.close()
    await watchdog.close()
  }
}

type Activities = Readonly<Record<string, (argument: never) => Promise<unknown>>>

/** Load the project and make the activities that run it. */
async function prepare(
  manifest: Manifest,
  keys: Keys,
  { log, mask }: Surroundings,
  watchdog: Watchdog,
): Promise<{ activities: Activities; buffer: JournalBuffer }> {
  const loader = new Loader(manifest.root)
  const steps = await loadSteps(manifest, loader)
  for (const [step, { message, hint }] of steps.broken) {
    log.write('error', 'a step cannot be run', { step, error: message, hint })
  }
  const api = new WorkerApi(process.env['WISTRO_API'] ?? DEFAULT_API, log)
  const mint = tokenMinter(keys)
  const buffer = new JournalBuffer(remoteJournal(api, mint, log), log)
  const journal = new DeliveryJournal(buffer.append, mask, log)
  const streams = Object.keys(manifest.streams)
  const services: Services = {
    state: ({ flow, run_id: run }) => new RemoteState(api, () => mint(flow, run)),
    calls: ({ flow, run_id: run }) => new RemoteCalls(api, () => mint(flow, run)),
    streams: ({ flow, run_id: run }) => remoteStreams(streams, api, () => mint(flow, run)),
    secrets: new EnvironmentSecrets(mask),
    log: (...line) => journal.log(...line),
  }
  const executor = new Executor(steps, services, manifest.root)
  const deliveries = new Deliveries(executor, journal, mask)
  const runStep: StepActivity = stepActivity(deliveries, {
    limit: manifest.message_size,
    watch: (timeout) => watchdog.watch(timeout),
  })
  const rules = await loadRules(manifest, loader, log)
  return { activities: { default: runStep, [STREAM_ACCESS]: streamAccess(rules, log) }, buffer }
}

function workerOptions(
  { drain, storage, build }: Manifest,
  queue: ManifestQueue,
  { connection, namespace }: Connected,
  keys: Keys,
  activities: Activities,
): WorkerOptions {
  return {
    connection,
    namespace,
    taskQueue: queue.name,
    activities,
    dataConverter: dataConverter(new WistroCodec(keys), storage),
    maxConcurrentActivityTaskExecutions: queue.concurrency,
    ...(queue.per_second ? { maxTaskQueueActivitiesPerSecond: queue.per_second } : {}),
    shutdownGraceTime: drain * 1000,
    shutdownForceTime: drain * 1000 + PATIENCE.stopping + MARGIN_MS,
    // Cancellations reach handlers with a heartbeat: do not save them up for a minute.
    maxHeartbeatThrottleInterval: HEARTBEAT_MS,
    defaultHeartbeatThrottleInterval: HEARTBEAT_MS,
    ...(build ? { identity: `node@${build}:${process.pid}@${hostname()}` } : {}),
  }
}

/** Run the workers until one of them fails or all are to stop. */
async function run(workers: readonly Worker[], { log, ready, stop }: Surroundings): Promise<void> {
  const runs = workers.map((worker) => worker.run())
  const ended = Promise.all(runs)
  ended.catch(() => undefined)
  await ready()
  await Promise.race([stop, ended])
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown()
  for (const outcome of await Promise.allSettled(runs)) {
    if (outcome.status === 'fulfilled') continue
    if (!(outcome.reason instanceof GracefulShutdownPeriodExpiredError)) throw outcome.reason
    log.write('warning', 'some deliveries did not end in time; they are made again')
  }
}

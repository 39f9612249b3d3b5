/** The connection to Temporal, with the settings of its usual profile and `TEMPORAL_*`. */

import { setTimeout as sleep } from 'node:timers/promises'

import { loadClientConnectConfig } from '@temporalio/envconfig'
import {
  DefaultLogger,
  makeTelemetryFilterString,
  NativeConnection,
  Runtime,
} from '@temporalio/worker'

import { SetupError } from '../errors.js'
import { messageOf } from './failures.js'
import type { Log, LogLevel } from './log.js'

const PATIENCE_MS = 60_000
const PAUSE_MS = 1000

/** A connection, and the namespace that it is for. */
export interface Connected {
  readonly connection: NativeConnection
  readonly namespace: string
}

/**
 * Connect; while Temporal is away, try again for a minute.
 *
 * @throws SetupError `engine_unavailable`
 */
export async function connect(log: Log): Promise<Connected> {
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig()
  const options = {
    ...connectionOptions,
    // Encrypted payloads do not compress: what is large was compressed before encryption.
    grpcCompression: { codec: 'none' as const },
  }
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    try {
      return { connection: await NativeConnection.connect(options), namespace }
    } catch (error) {
      const address = options.address ?? 'localhost:7233'
      const message = `Temporal at \`${address}\` cannot be reached: ${messageOf(error)}`
      if (performance.now() > deadline) {
        throw new SetupError(message, {
          code: 'engine_unavailable',
          hint: 'start it (`wistro dev` does), or correct `TEMPORAL_ADDRESS`',
        })
      }
      log.write('warning', message)
      await sleep(PAUSE_MS)
    }
  }
}

const LEVELS: Readonly<Record<string, LogLevel>> = { ERROR: 'error', WARN: 'warning' }
/** What the SDK says of failures that the journal and the log have already, and of what is meant so. */
const KNOWN = new Set(['Activity failed', 'No workflows registered, not polling for workflow tasks'])

/** Send what the SDK logs to our log, and leave signals to us. Before anything else of it is used. */
export function installRuntime(log: Log): void {
  const logger = new DefaultLogger('WARN', ({ level, message, meta }) => {
    if (KNOWN.has(message)) return
    const { error, taskQueue } = meta ?? {}
    const fields = {
      ...(error === undefined ? {} : { error: messageOf(error) }),
      ...(taskQueue === undefined ? {} : { queue: String(taskQueue) }),
    }
    log.write(LEVELS[level] ?? 'info', message, fields, 'temporal')
  })
  const filter = makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' })
  const telemetryOptions = { logging: { filter, forward: {} } }
  Runtime.install({ logger, telemetryOptions, shutdownSignals: [] })
}

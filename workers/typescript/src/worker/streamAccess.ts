/** The access rules of streams, asked by the triggers when a client wants to subscribe. */

import { SetupError } from '../errors.js'
import type { Callable, Loader } from '../loader/index.js'
import type { Log } from './log.js'
import type { Manifest } from './manifest.js'

/** The activity type that asks. */
export const STREAM_ACCESS = 'wistro.stream_access'

const LIMIT_MS = 5000

/** What the triggers ask. */
interface Question {
  readonly stream: string
  readonly group: string
  readonly id?: string | null
  readonly context?: unknown
}

type Rules = ReadonlyMap<string, Callable>

/** The rules of the streams that this worker answers for. */
export async function loadRules(manifest: Manifest, loader: Loader, log: Log): Promise<Rules> {
  const rules = new Map<string, Callable>()
  for (const [name, stream] of Object.entries(manifest.streams)) {
    if (stream.language !== 'node' || !stream.has_access) continue
    try {
      const { canAccess } = await loader.stream(stream.path)
      if (canAccess !== null) rules.set(name, canAccess)
    } catch (error) {
      if (!(error instanceof SetupError)) throw error
      log.write('error', 'the access rule of a stream does not load', { stream: name, error: error.message })
    }
  }
  return rules
}

/** The activity that answers; a rule that throws or takes too long lets nobody in. */
export function streamAccess(rules: Rules, log: Log): (question: Question) => Promise<boolean> {
  return async ({ stream, group, id, context }) => {
    const rule = rules.get(stream)
    if (rule === undefined) return false
    const subscription = { groupId: group, ...(typeof id === 'string' ? { id } : {}) }
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      const error = new Error(`it took longer than ${LIMIT_MS / 1000} s`)
      timer = setTimeout(() => reject(error), LIMIT_MS)
    })
    try {
      const asked = (async () => rule(subscription, context ?? null))()
      return Boolean(await Promise.race([asked, late]))
    } catch (error) {
      log.write('warning', 'the access rule of a stream failed', { stream, error: String(error) })
      return false
    } finally {
      clearTimeout(timer)
    }
  }
}

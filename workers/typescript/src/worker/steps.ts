/** The steps of a manifest, loaded. */

import { SetupError } from '../errors.js'
import type { Loader } from '../loader/index.js'
import type { Steps } from './executor.js'
import type { Manifest } from './manifest.js'
import { PreparedStep, shapesOf } from './prepared.js'

/** Load the steps; one that does not load fails when it is run, and only then. */
export async function loadSteps(manifest: Manifest, loader: Loader): Promise<Steps> {
  const prepared = new Map<string, PreparedStep>()
  const broken = new Map<string, SetupError>()
  for (const [id, step] of Object.entries(manifest.steps)) {
    try {
      prepared.set(id, new PreparedStep(id, step, await loader.step(step.path), manifest.motia))
    } catch (error) {
      if (!(error instanceof SetupError)) throw error
      broken.set(id, error)
    }
  }
  return { prepared, broken, answers: shapesOf(manifest.answers) }
}

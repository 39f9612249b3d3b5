/** Makes `import 'wistro'` work wherever Node finds no such package. Runs in Node's hooks thread. */
import type { ResolveHook } from 'node:module'
import { pathToFileURL } from 'node:url'

import { ownFile } from './aliases.js'

export const resolve: ResolveHook = async (specifier, context, next) => {
  try {
    return await next(specifier, context)
  } catch (error) {
    const file = ownFile(specifier, 'import')
    if (file === null || (error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    return { url: pathToFileURL(file).href, format: 'module', shortCircuit: true }
  }
}

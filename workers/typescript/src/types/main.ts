/**
 * Writes what a project's topics, streams, flows and handlers are, for the compiler:
 * `node dist/types/main.js --input lock.json --output types.d.ts`.
 *
 * `--input` is the project's lock as JSON, with its schemas in place. Without `--output` the text goes
 * to stdout. `--check` writes nothing and fails when the file is not what it would be.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

import { SetupError, WistroError } from '../errors.js'
import { readProject } from './project.js'
import { renderTypes } from './render.js'

const { values } = parseArgs({
  options: {
    input: { type: 'string' },
    output: { type: 'string' },
    check: { type: 'boolean', default: false },
  },
})

function main(): void {
  const { input, output, check } = values
  if (input === undefined) throw new SetupError('`--input` is missing', { hint: 'name the lock’s JSON' })
  const text = renderTypes(readProject(readFileSync(input, 'utf8'), input))
  if (output === undefined) {
    process.stdout.write(text)
  } else if (content(output) !== text) {
    if (check) throw new SetupError(`\`${output}\` is stale`, { hint: 'run `wistro types`' })
    writeFileSync(output, text)
  }
}

function content(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

try {
  main()
} catch (error) {
  const known = error instanceof WistroError
  const hint = known && error.hint !== undefined ? `\nhint: ${error.hint}` : ''
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}${hint}\n`)
  process.exitCode = 1
}

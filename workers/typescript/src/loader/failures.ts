/** From what importing a file threw to an error that says which file, which line and what to do. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

import { SetupError, WistroError } from '../errors.js'
import { isOwn, projectPath } from './files.js'

interface Place {
  readonly file: string
  readonly line: number
}

/** The error of the step or stream file at `path` (relative to `root`) that `error` kept from loading. */
export function explain(error: unknown, path: string, root: string): SetupError {
  // One without a file was thrown by what the file did, not by reading it.
  if (error instanceof SetupError && error.file !== undefined) return error
  const whole = resolve(root, path)
  const problem = syntaxProblem(error) ?? missingModule(error, whole) ?? missingExport(error, whole) ?? thrown(error, root)
  const { place } = problem
  const elsewhere =
    place !== null && place.file !== whole && isOwn(place.file, root)
      ? ` (in \`${projectPath(place.file, root)}\`, line ${place.line})`
      : ''
  return new SetupError(`\`${path}\` does not load: ${problem.text}${elsewhere}`, {
    code: 'load_failed',
    hint: problem.hint,
    file: path,
    line: place?.file === whole ? place.line : lineInStack(error, whole),
    cause: error,
  })
}

interface Problem {
  readonly text: string
  readonly place: Place | null
  readonly hint: string | undefined
}

/** The transformer's errors: `Transform failed with 1 error:\n/a/b.ts:3:5: ERROR: Expected ";"`. */
function syntaxProblem(error: unknown): Problem | null {
  const found = /^(.+?):(\d+):\d+: ERROR: (.+)$/m.exec(messageOf(error))
  if (!found) return null
  const [, file = '', line = '', text = ''] = found
  return { text: `SyntaxError: ${text}`, place: { file, line: Number(line) }, hint: undefined }
}

const MISSING = /Cannot find (?:module|package) '([^']+)'(?: imported from '?([^'\n]+?)'?$)?/m

function missingModule(error: unknown, path: string): Problem | null {
  const found = MISSING.exec(messageOf(error))
  if (!found) return null
  const { requireStack } = error as { requireStack?: readonly string[] }
  const [, name = '', from] = found
  const file = toPath(from ?? requireStack?.[0] ?? path)
  const isFile = /^(?:[./]|file:|[A-Za-z]:[\\/])/.test(name)
  const line = lineOfImport(file, isFile ? lastPart(name) : name)
  const what = isFile ? 'correct the path of the import' : `\`npm install ${packageOf(name)}\``
  return {
    text: `it imports \`${isFile ? lastPart(name) : name}\`, which is not there`,
    place: line === null ? null : { file, line },
    hint: isFile ? what : `${what}, or correct the import`,
  }
}

function missingExport(error: unknown, path: string): Problem | null {
  const found = /module '([^']+)' does not provide an export named '([^']+)'/.exec(messageOf(error))
  if (!found) return null
  const [, from = '', name = ''] = found
  const line = lineOfImport(path, lastPart(from))
  return {
    text: `it imports \`${name}\` from \`${from}\`, which exports no such name`,
    place: line === null ? null : { file: path, line },
    hint: 'correct the name, or write `import type` for a type',
  }
}

function thrown(error: unknown, root: string): Problem {
  const ours = error instanceof WistroError
  const name = error instanceof Error ? error.name : 'it throws'
  const said = messageOf(error).trim() || 'no message'
  const [place = null] = frames(error).filter(({ file }) => isOwn(file, root))
  return { text: ours ? said : `${name}: ${said}`, place, hint: ours ? error.hint : hintFor(said) }
}

/** What mends an error that many clients of services throw when they are made. */
function hintFor(said: string): string | undefined {
  if (!/environment variable|api[ _-]?key|credentials|\.env\b/i.test(said)) return undefined
  return 'set it in the environment or in `.env`, or make the client inside the handler'
}

function lineInStack(error: unknown, path: string): number | undefined {
  return frames(error).find(({ file }) => file === path)?.line
}

/** The files and lines of a stack, the innermost first; source maps have been applied. */
function frames(error: unknown): Place[] {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  return [...stack.matchAll(/^\s+at (?:.*\()?(.+?):(\d+):\d+\)?$/gm)].map(
    ([, file = '', line = '']) => ({ file: toPath(file), line: Number(line) }),
  )
}

/** Without the query that a module's address may have. */
function toPath(address: string): string {
  const bare = address.replace(/\?.*$/, '')
  return bare.startsWith('file:') ? fileURLToPath(bare) : bare
}

function lineOfImport(file: string, name: string): number | null {
  let source: string
  try {
    source = readFileSync(file, 'utf8')
  } catch {
    return null
  }
  const stem = name.replace(/\.[cm]?[jt]sx?$/, '')
  const index = source.split('\n').findIndex((line) => /import|require|from/.test(line) && line.includes(stem))
  return index < 0 ? null : index + 1
}

function lastPart(name: string): string {
  return name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1)
}

function packageOf(name: string): string {
  return name.split('/', name.startsWith('@') ? 2 : 1).join('/')
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

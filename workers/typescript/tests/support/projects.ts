/** Copies of the fixture projects, with the packages that they ask for. */
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { onTestFinished } from 'vitest'

import type { Declaration } from '../../src/discover/declaration.js'

/** The package itself, built. */
export const PACKAGE = fileURLToPath(new URL('../..', import.meta.url))

/** How a process ended. */
export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/**
 * A project of its own for one test.
 *
 * @param name - A folder below `tests/fixtures`.
 * @param links - Packages in its `node_modules`, and the folder of ours that each is.
 */
export async function project(name: string, links: Readonly<Record<string, string>> = {}): Promise<string> {
  const root = await folder()
  await cp(join(PACKAGE, 'tests/fixtures', name), root, { recursive: true })
  await link(root, links)
  return root
}

/** A project of the given files. */
export async function projectOf(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await folder()
  for (const [path, text] of Object.entries(files)) await write(root, path, text)
  return root
}

/** Put this package into the project's `node_modules` as an installation does: no link. */
export async function install(root: string): Promise<void> {
  const { files } = JSON.parse(await readFile(join(PACKAGE, 'package.json'), 'utf8')) as { files: string[] }
  for (const part of ['package.json', ...files]) {
    await cp(join(PACKAGE, part), join(root, 'node_modules/wistro', part), { recursive: true })
  }
}

/** Write a file of a project. */
export async function write(root: string, path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), text)
}

/** Put packages into the project's `node_modules`. */
export async function link(root: string, links: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, target] of Object.entries(links)) {
    await mkdir(dirname(join(root, 'node_modules', name)), { recursive: true })
    await symlink(join(PACKAGE, target), join(root, 'node_modules', name))
  }
}

/** Run a program of the package, as `wistro` does. */
export function run(program: string, ...given: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(PACKAGE, program), ...given], (error, out, err) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null
      resolve({ code, out, err })
    })
  })
}

/** What the discoverer declares of a project. */
export async function declared(root: string, ...options: readonly string[]): Promise<Declaration> {
  const ended = await run('dist/discover/main.js', root, ...options)
  if (ended.code !== 0) throw new Error(`the discoverer ended with ${ended.code}: ${ended.err}`)
  return JSON.parse(ended.out) as Declaration
}

/** What the TypeScript compiler says about a project: nothing, when it compiles. */
export async function compiled(root: string): Promise<string> {
  return (await run('node_modules/typescript/bin/tsc', '-p', root)).out
}

async function folder(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'wistro-project-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  return root
}

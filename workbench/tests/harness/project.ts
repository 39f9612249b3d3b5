import { type ChildProcess, spawn } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'

const ROOT = resolve(import.meta.dirname, '../../..')
const STARTING_MS = 150_000
const STOPPING_MS = 20_000

/** A line of `wistro dev --json`. */
export interface DevLine {
  kind: string
  [field: string]: unknown
}

/** A copy of an example that really runs: Temporal, workers, triggers, workbench. */
export class RunningProject {
  readonly folder: string
  readonly url: string
  readonly token: string
  readonly lines: DevLine[]
  private readonly process: ChildProcess

  constructor(folder: string, url: string, token: string, lines: DevLine[], process: ChildProcess) {
    this.folder = folder
    this.url = url
    this.token = token
    this.lines = lines
    this.process = process
  }

  /** The workbench, at `path`. */
  page(path = '/'): string {
    return `${this.url}/_wistro/workbench${path}`
  }

  /** A request of the management API, as its operator. */
  async api<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.url}/_wistro/api${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`)
    return (response.status === 204 ? undefined : await response.json()) as T
  }

  /** Ends it as Ctrl-C would. */
  async stop(): Promise<void> {
    await stopped(this.process)
  }
}

export interface Options {
  env?: Record<string, string>
  /** Changes files before it starts. */
  prepare?: (folder: string) => Promise<void>
}

/** A copy of `examples/<name>` in a folder of its own. */
export async function copyOfExample(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `wistro-${name}-`))
  const example = join(ROOT, 'examples', name)
  await cp(example, folder, {
    recursive: true,
    filter: (path) => !/\/(node_modules|\.wistro|tests)$/.test(path),
  })
  await symlink(join(example, 'node_modules'), join(folder, 'node_modules')).catch(() => undefined)
  return folder
}

/** Runs a copy of `examples/<name>`; `close` ends it and removes the copy. */
export async function runExample(name: string, { env = {}, prepare }: Options = {}) {
  const folder = await copyOfExample(name)
  try {
    await prepare?.(folder)
    const project = await runProject(folder, env)
    const close = async () => {
      await project.stop()
      await rm(folder, { recursive: true, force: true })
    }
    return { project, close }
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

/** Runs the project in `folder` on free ports, as `wistro dev` does. */
export async function runProject(folder: string, env: Record<string, string> = {}): Promise<RunningProject> {
  const child = spawn('wistro', ['--project', folder, 'dev', '--port', '0', '--json'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  try {
    const lines: DevLine[] = []
    const running = await ready(child, lines)
    const token = env.WISTRO_TOKEN ?? (await readFile(join(folder, '.wistro', 'token'), 'utf8')).trim()
    return new RunningProject(folder, String(running.api), token, lines, child)
  } catch (error) {
    await stopped(child)
    throw error
  }
}

/** Its line that says that everything runs. */
function ready(child: ChildProcess, lines: DevLine[]): Promise<DevLine> {
  return new Promise((resolve, reject) => {
    let complaints = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      complaints += chunk.toString()
    })
    const fail = (why: string) =>
      reject(new Error(`wistro dev ${why}\n${complaints}\n${lines.map((line) => JSON.stringify(line)).join('\n')}`))
    const timer = setTimeout(() => fail('did not start in time'), STARTING_MS)
    child.on('error', (error) => fail(`cannot be started: ${error.message}`))
    child.on('exit', (code) => fail(`ended with ${code}`))
    if (!child.stdout) return
    createInterface({ input: child.stdout }).on('line', (text) => {
      const line = JSON.parse(text) as DevLine
      lines.push(line)
      if (line.kind === 'dev.refused') fail('refused the project')
      if (line.kind === 'dev.running') {
        clearTimeout(timer)
        resolve(line)
      }
    })
  })
}

/** Ends a process as Ctrl-C would. */
export async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGINT')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOPPING_MS)
  await ended
  clearTimeout(timer)
}

import { execFile, spawn } from 'node:child_process'
import { appendFile, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Issuer, runIssuer } from './issuer'
import { type Orders, someOrders, until } from './orders'
import { copyOfExample, RunningProject, stopped } from './project'
import { runTemporal } from './temporal'

/** `examples/orders` as `wistro start` runs it: locked, with rules about who may do what, and an issuer of users. */
export interface Started extends Orders {
  issuer: Issuer
  /** API keys by what they are good for. */
  keys: Record<'view' | 'read' | 'operate' | 'nothing', string>
}

const KEYS = { view: 'onlooker', read: 'auditor', operate: 'mechanic', nothing: 'stranger' } as const

const rules = (issuer: string) => `
auth:
  oidc: { issuer: "${issuer}", audience: shop, user_claim: email }
workbench:
  view: [{ key: onlooker }]
  read: [{ key: auditor }]
  operate: [{ key: mechanic }, { role: operator }]
  sign_in: { client_id: workbench, client_secret: WORKBENCH_SECRET }
`

export async function startOrders(): Promise<Started> {
  const closing: (() => Promise<void>)[] = []
  const close = async () => {
    for (const each of closing.splice(0).reverse()) await each()
  }
  try {
    const issuer = await runIssuer()
    closing.push(issuer.close)
    const temporal = await runTemporal()
    closing.push(temporal.close)
    const folder = await copyOfExample('orders')
    closing.push(() => rm(folder, { recursive: true, force: true }))
    await appendFile(join(folder, 'wistro.yml'), rules(issuer.url))
    await wistro(folder, 'lock')
    const keys = await keysOf(folder)
    const project = await started(folder, { TEMPORAL_ADDRESS: temporal.address, WORKBENCH_SECRET: issuer.secret })
    closing.push(() => project.stop())
    return { ...(await someOrders(project)), project, issuer, keys, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Makes a key for each level, and one that no rule names. */
async function keysOf(folder: string): Promise<Started['keys']> {
  const made: Partial<Started['keys']> = {}
  for (const level of ['view', 'read', 'operate', 'nothing'] as const) {
    made[level] = await wistro(folder, 'access', 'create', KEYS[level], '--scope', 'inbox')
  }
  return made as Started['keys']
}

async function wistro(folder: string, ...words: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('wistro', ['--project', folder, ...words])
  return stdout.trim()
}

/** `wistro start` on a free port, once its triggers answer. */
async function started(folder: string, env: Record<string, string>): Promise<RunningProject> {
  const child = spawn('wistro', ['--project', folder, 'start', '--port', '0', '--drain', '2'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const address = () => readFile(join(folder, '.wistro', 'api.json'), 'utf8').catch(() => '')
  try {
    await until('`wistro start` listens', async () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`)
      return (await address()) !== ''
    }, 120)
    const { url } = JSON.parse(await address()) as { url: string }
    const token = (await readFile(join(folder, '.wistro', 'token'), 'utf8')).trim()
    return new RunningProject(folder, url, token, [], child)
  } catch (error) {
    await stopped(child)
    throw new Error(`${String(error)}\n${said}`)
  }
}

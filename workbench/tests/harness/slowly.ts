import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { placeOrder, shown, until } from './orders'
import type { RunningProject } from './project'

const STEP = 'steps/notify-customer.step.js'
const gate = (folder: string) => join(folder, '.wistro', 'told')

/**
 * Changes “Tell the customer” so that orders of slow customers stay in it, 3 tenths done, until `tell` is called.
 *
 * It is one of the steps that a worker of its own makes, which can be killed while it does.
 */
export async function slowToTell(folder: string): Promise<void> {
  const path = join(folder, STEP)
  const text = await readFile(path, 'utf8')
  const waits = [
    `  while (email.startsWith('slow') && !existsSync(\`${gate(folder)}/\${order_id}\`)) {`,
    '    ctx.heartbeat({ done: 3, of: 10 })',
    '    await new Promise((resolve) => setTimeout(resolve, 100))',
    '  }',
  ]
  const changed = text
    .replace("import { z } from 'zod'", "import { existsSync } from 'node:fs'\n$&")
    .replace("type: 'event',", '$&\n  heartbeat: 4,')
    .replace("  ctx.logger.info('Sent the receipt'", `${waits.join('\n')}\n$&`)
  await writeFile(path, changed)
}

/** Places an order of a slow customer; returns once its run is in the step. */
export async function placeSlowOrder(project: RunningProject): Promise<string> {
  const run = await placeOrder(project, { customer: 'Mary', email: 'slow@example.com' })
  await until('the customer is being told', async () => (await told(project, run))?.status === 'running')
  await until('the parcel is shipped', async () => (await step(project, run, 'ship_order'))?.status === 'completed')
  return run
}

/** Lets the step of a slow order come to its end. */
export async function tell(project: RunningProject, run: string): Promise<void> {
  await mkdir(gate(project.folder), { recursive: true })
  await writeFile(join(gate(project.folder), run), '')
}

interface Workers {
  workers: { identity: string; languages: string[] }[]
}

/** Kills the worker of the step, as `kill -9` does. */
export async function killTeller(project: RunningProject): Promise<void> {
  const { workers } = await project.api<Workers>('GET', '/workers')
  const identities = workers.filter(({ languages }) => languages.includes('node')).map(({ identity }) => identity)
  const pids = identities.map((identity) => Number(/:(\d+)@/.exec(identity)?.[1]))
  const commands = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
  // Temporal remembers those that were killed before for a while.
  const [pid, ...others] = pids.filter((_, index) => commands[index]?.includes(project.folder))
  if (!pid || others.length) throw new Error(`there is not one worker of steps in JavaScript: ${JSON.stringify(workers)}`)
  process.kill(pid, 'SIGKILL')
}

const told = (project: RunningProject, run: string) => step(project, run, 'notify-customer')

async function step(project: RunningProject, run: string, name: string) {
  return (await shown(project, run)).deliveries.find((each) => each.step === name)
}

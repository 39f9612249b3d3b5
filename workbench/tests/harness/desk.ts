import type { Locator } from 'playwright-core'
import { type Crm, runCrm } from './crm'
import { type RunningProject, runExample } from './project'

/** `examples/support-desk`, and a CRM that its answers are brought to. */
export interface Desk {
  project: RunningProject
  crm: Crm
  close: () => Promise<void>
}

export async function runDesk(): Promise<Desk> {
  const crm = await runCrm()
  try {
    const { project, close } = await runExample('support-desk', { env: { CRM_WEBHOOK_SECRET: crm.secret } })
    const all = async () => {
      await close()
      await crm.close()
    }
    return { project, crm, close: all }
  } catch (error) {
    await crm.close()
    throw error
  }
}

/** Asks for the money back for an order, without waiting; the answer goes to the CRM. Returns the run. */
export async function askForRefund({ project, crm }: Desk, order: string): Promise<string> {
  const response = await fetch(`${project.url}/call/support`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      input: { order_id: order, wish: 'refund' },
      respond_to: { target: 'webhook', url: crm.url },
    }),
  })
  const body = (await response.json()) as { call_id?: string }
  if (!body.call_id) throw new Error(`the desk was not called: ${response.status} ${JSON.stringify(body)}`)
  return body.call_id
}

/** What is said at a field, to whoever reads it and to whoever has it read. */
export async function saidAt(field: Locator): Promise<string> {
  return field.evaluate((input) =>
    (input.getAttribute('aria-describedby') ?? '')
      .split(' ')
      .map((id) => document.getElementById(id)?.textContent ?? '')
      .join(' ')
      .trim(),
  )
}

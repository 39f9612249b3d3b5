import { appendFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Locator } from 'playwright-core'
import { Tab } from './browser'
import { type Crm, runCrm } from './crm'
import { type Issuer, runIssuer, signInAt } from './issuer'
import { until } from './orders'
import { type RunningProject, runExample } from './project'

/** `examples/support-desk`, a CRM that its answers are brought to, and partners who agree on gifts. */
export interface Desk {
  project: RunningProject
  crm: Crm
  issuer: Issuer
  close: () => Promise<void>
}

/** Who decides about gifts; two of them have to agree. */
export const PARTNERS = ['anna@shop.example', 'ben@shop.example', 'carla@shop.example'] as const
/** Signs in as well, and is nobody who decides. */
export const DORA = 'dora@shop.example'

const settings = (issuer: string) => `
auth:
  oidc: { issuer: "${issuer}", audience: shop, user_claim: email }
workbench:
  view: [${[...PARTNERS, DORA].map((user) => `{ user: ${user} }`).join(', ')}]
  sign_in: { client_id: workbench, client_secret: WORKBENCH_SECRET }
`

const ASK = `from wistro import ApiRequest, ApiStep, Context

config = ApiStep(
    name="Ask for a gift",
    flows=["gifts"],
    method="POST",
    path="/gifts",
    emits=["gift.asked"],
)


async def handler(request: ApiRequest[dict[str, object]], ctx: Context) -> dict[str, object]:
    await ctx.emit("gift.asked", request.body)
    return {"status": 202, "body": {"run_id": ctx.run_id}}
`

const AGREE = `from wistro import NoopStep

config = NoopStep(
    name="Agree on the gift",
    description="Two of the three partners have to agree.",
    flows=["gifts"],
    subscribes=["gift.asked"],
    input={
        "type": "object",
        "properties": {"approved": {"type": "boolean"}, "reason": {"type": "string"}},
        "required": ["approved"],
    },
    assignees=${JSON.stringify(PARTNERS)},
    approval={"needed": 2},
    emits=[
        {"topic": "gift.agreed", "where": "message.outcome == 'approved'"},
        {"topic": "gift.refused", "where": "message.outcome == 'refused'"},
    ],
)
`

export async function runDesk(): Promise<Desk> {
  const [crm, issuer] = [await runCrm(), await runIssuer()]
  const closeOthers = async () => {
    await crm.close()
    await issuer.close()
  }
  try {
    const { project, close } = await runExample('support-desk', {
      env: { CRM_WEBHOOK_SECRET: crm.secret, WORKBENCH_SECRET: issuer.secret },
      prepare: async (folder) => {
        await appendFile(join(folder, 'wistro.yml'), settings(issuer.url))
        await writeFile(join(folder, 'steps/ask_for_gift.step.py'), ASK)
        await writeFile(join(folder, 'steps/agree_on_gift.step.py'), AGREE)
      },
    })
    const all = async () => {
      await close()
      await closeOthers()
    }
    return { project, crm, issuer, close: all }
  } catch (error) {
    await closeOthers()
    throw error
  }
}

/** Asks for a gift for somebody; returns the run. */
export async function askForGift({ project }: Desk, customer: string): Promise<string> {
  const response = await fetch(`${project.url}/gifts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ customer, gift: 'A bunch of flowers' }),
  })
  const body = (await response.json()) as { run_id?: string }
  if (!body.run_id) throw new Error(`no gift was asked for: ${response.status} ${JSON.stringify(body)}`)
  return body.run_id
}

/** A tab of a user of the issuer, on a page of the workbench. */
export async function signedInAs(browser: Browser, { project, issuer }: Desk, email: string, path: string): Promise<Tab> {
  const tab = await Tab.open(browser)
  const page = await tab.go(project.page(`/sign-in?to=${encodeURIComponent(path)}`))
  await signInAt(issuer, page, email)
  await page.getByRole('button', { name: `${email}, View only` }).waitFor()
  return tab
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

/** A task, as the API tells it. */
export interface Task {
  id: string
  run_id: string
  status: string
  outcome: string | null
  assignees: string[]
  roles: string[]
  answers: { by: string; answer: unknown }[]
  remarks: { by: string; text: string }[]
}

/** The task that a run has, once it has one. */
export async function taskOf({ project }: Desk, run: string): Promise<string> {
  let found: Task | undefined
  await until(`the run ${run} has a task`, async () => {
    const { tasks } = await project.api<{ tasks: Task[] }>('GET', '/tasks?status=open')
    found = tasks.find((each) => each.run_id === run)
    return found !== undefined
  })
  return found?.id ?? ''
}

/** What was asked of people at a desk. */
export interface Asked {
  /** A run that waits for somebody, and the task that is asked. */
  run: string
  task: string
  /** A run whose answer was brought to the CRM, at the second attempt. */
  answered: string
}

/** Pages that have more to show at a desk than in a shop, by a name for each. */
export const DESK_PAGES: Record<string, (asked: Asked) => string> = {
  inbox: () => '/inbox',
  task: ({ task }) => `/inbox/${task}`,
  'run-waiting': ({ run }) => `/runs/support/${run}?tab=graph`,
  'run-answers': ({ answered }) => `/runs/support/${answered}?tab=answers`,
}

/** Asks for a gift and for refunds: one is paid back at once, somebody has to decide about the others. */
export async function someRequests(desk: Desk): Promise<Asked> {
  const answered = await askForRefund(desk, '1001')
  await taskOf(desk, await askForGift(desk, 'Grace'))
  await taskOf(desk, await askForRefund(desk, '1004'))
  const run = await askForRefund(desk, '1002')
  const task = await taskOf(desk, run)
  await desk.project.api('POST', `/tasks/${task}/comments`, { by: 'ben@shop.example', text: 'Has it been sent back?' })
  const brought = () => desk.crm.received.filter(({ answer }) => answer.order_id === '1001').map(({ status }) => status)
  await until('the CRM has the answer', () => Promise.resolve(brought().includes(200)))
  return { run, task, answered }
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

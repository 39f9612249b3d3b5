import { type Options, type RunningProject, runExample } from './project'

/** `examples/orders`, in which an order was completed, one was refused, and one is held. */
export interface Orders {
  project: RunningProject
  completed: string
  refused: string
  held: string
  close: () => Promise<void>
}

/** The pages of the workbench, by a name for each, where they have something to show. */
export const PAGES: Record<string, (shop: Orders) => string> = {
  overview: () => '/',
  flows: () => '/flows',
  flow: () => '/flows/orders',
  step: () => '/flows/orders?step=charge-card',
  start: () => '/flows/orders/start?trigger=place_order',
  runs: () => '/runs',
  run: (shop) => `/runs/orders/${shop.completed}?tab=graph`,
  timeline: (shop) => `/runs/orders/${shop.completed}?tab=timeline`,
  'run-logs': (shop) => `/runs/orders/${shop.completed}?tab=logs`,
  'run-trace': (shop) => `/runs/orders/${shop.completed}?tab=trace`,
  'run-history': (shop) => `/runs/orders/${shop.held}?tab=history`,
  'run-held': (shop) => `/runs/orders/${shop.held}`,
  held: () => '/held',
  'inbox-empty': () => '/inbox',
  schedules: () => '/schedules',
  topics: () => '/topics',
  topic: () => '/topics/order.placed',
  state: (shop) => `/state?group=orders&key=${shop.completed}`,
  streams: () => '/streams',
  stream: () => '/streams/progress?group=orders',
  logs: () => '/logs',
  traces: () => '/traces',
  audit: () => '/audit',
  'not-found': () => '/nowhere',
  'sign-in': () => '/sign-in',
}

const ORDER = {
  customer: 'Ada',
  email: 'ada@example.com',
  card: 'tok_visa',
  lines: [{ article: 'lamp', pieces: 2, price: 1250 }],
}

export async function placeOrder(project: RunningProject, changes: Partial<typeof ORDER> = {}): Promise<string> {
  const response = await fetch(`${project.url}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...ORDER, ...changes }),
  })
  const body = (await response.json()) as { order_id?: string }
  if (!body.order_id) throw new Error(`no order was placed: ${response.status} ${JSON.stringify(body)}`)
  return body.order_id
}

/** What tests look at in a run, as the API tells it. */
export interface Shown {
  status: string
  waiting_for: string | null
  deliveries: { step: string; status: string; input: unknown; attempts: { number: number; error?: { message: string } | null }[] }[]
  related: { relation: string; run_id: string }[]
}

export function shown(project: RunningProject, run: string): Promise<Shown> {
  return project.api<Shown>('GET', `/runs/orders/${run}`)
}

/** A run once it has ended, as Temporal has noted it: a moment after the page has told of it. */
export async function ended(project: RunningProject, run: string): Promise<Shown> {
  await until('the run ends', async () => (await shown(project, run)).status !== 'running')
  return shown(project, run)
}

export async function until(what: string, found: () => Promise<boolean>, seconds = 60): Promise<void> {
  const end = Date.now() + seconds * 1000
  while (Date.now() < end) {
    if (await found()) return
    await new Promise((resolve) => setTimeout(resolve, 150))
  }
  throw new Error(`it did not happen within ${seconds} s: ${what}`)
}

/** Places an order that is completed, one that is refused, and one that is held. */
export async function someOrders(project: RunningProject) {
  const completed = await placeOrder(project)
  const refused = await placeOrder(project, { customer: 'Linus', card: 'tok_declined' })
  const held = await placeOrder(project, { customer: 'Grace', card: 'tok_lost' })
  // Workers may still be starting.
  await until('the order is completed', async () => (await shown(project, completed)).status === 'completed', 90)
  await until('the refusal is dealt with', async () => (await shown(project, refused)).status === 'completed')
  await until('the order is held', async () => (await shown(project, held)).waiting_for === 'operator')
  return { completed, refused, held }
}

export async function runOrders(options: Options = {}): Promise<Orders> {
  const { project, close } = await runExample('orders', options)
  try {
    return { project, ...(await someOrders(project)), close }
  } catch (error) {
    await close()
    throw error
  }
}

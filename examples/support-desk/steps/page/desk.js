// @ts-check
// The page: the customer's orders, the conversation, and the channel on which answers come.

/**
 * @typedef {{ id: string, article: string, cents: number, status: string, days_ago: number }} Order
 * @typedef {{ order: Order, refunded: boolean }} OrderView
 * @typedef {{ customer: string, name: string, token: string, orders: OrderView[] }} SignedIn
 * @typedef {{ order_id: string, wish: 'where' | 'refund' }} Ask What the support flow takes.
 * @typedef {{ say: string, call: Ask | null }} Turn What the assistant says, and the call it wants.
 * @typedef {{ call_id: string, status: string, data?: { order_id: string, text: string, refunded: boolean },
 *   error?: { code: string, message: string }, response_meta?: { entry?: string, about?: string } }} Answer
 * @typedef {{ id: string, who: 'customer' | 'desk', state: 'said' | 'waiting' | 'failed', text: string,
 *   about?: string, words?: string, ask?: Ask }} Entry A line of the conversation; one with `words` or
 *   `ask` has something under way, and can be tried again when that failed.
 * @typedef {{ customer: string, after: number, about: string | null, entries: Entry[] }} Kept
 */
'use strict'

const PATIENCE = 4000 // milliseconds after which a customer wants to know why it takes so long
const REMEMBERED = 100

/** @type {(id: string) => HTMLElement} */
const at = (id) => /** @type {HTMLElement} */ (document.getElementById(id))
/** @type {(template: string) => HTMLElement} */
const made = (template) => {
  const { content } = /** @type {HTMLTemplateElement} */ (at(template))
  return /** @type {HTMLElement} */ (content.firstElementChild?.cloneNode(true))
}
/** @type {(within: HTMLElement, selector: string) => HTMLElement} */
const part = (within, selector) => /** @type {HTMLElement} */ (within.querySelector(selector))

/** What this tab remembers when it is loaded again. @type {Kept | null} */
let kept = null
/** @type {EventSource | null} */
let channel = null
/** The elements of the conversation, by the ids of its entries. @type {Map<string, HTMLElement>} */
const shown = new Map()

// ------------------------------------------------------------------------------- signing in and out

/** @param {string} customer @returns {Promise<SignedIn>} */
async function identify(customer) {
  return /** @type {Promise<SignedIn>} */ (post('/desk/sign-in', { customer }))
}

/** @param {string} customer */
async function enter(customer) {
  at('refusal').textContent = ''
  try {
    const found = await identify(customer)
    if (kept?.customer !== customer) kept = { customer, after: 0, about: null, entries: [] }
    keep()
    open(found)
  } catch (error) {
    at('refusal').textContent = `You could not be signed in. ${told(error)}`
    at('door').hidden = false
  }
}

/** @param {SignedIn} signedIn */
function open(signedIn) {
  for (const id of ['desk', 'who', 'connection']) at(id).hidden = false
  at('door').hidden = true
  at('name').textContent = signedIn.name
  at('orders').replaceChildren(...signedIn.orders.map(showOrder))
  const [first, second] = signedIn.orders.map(({ order }) => order.id)
  const ideas = [`Where is my order ${first}?`, `I want my money back for ${second ?? first}.`]
  at('suggestions').replaceChildren(...ideas.map(suggestion))
  for (const entry of kept?.entries ?? []) {
    // Nobody waits any more for what the assistant was to say when the page was left.
    const lost = entry.state === 'waiting' && entry.words !== undefined
    show(lost ? { ...entry, state: 'failed', text: 'This was interrupted.' } : entry)
  }
  follow(signedIn.token)
  at('orders-title').focus()
}

function leave() {
  channel?.close()
  sessionStorage.removeItem('desk')
  location.reload()
}

function keep() {
  if (kept === null) return
  kept.entries = kept.entries.slice(-REMEMBERED)
  sessionStorage.setItem('desk', JSON.stringify(kept))
}

// ------------------------------------------------------------------------------- the channel

/** Follows the channel from where this tab was: what was sent meanwhile comes now. @param {string} token */
function follow(token) {
  if (kept === null) return
  channel?.close()
  connection('Connecting', false)
  const query = new URLSearchParams({ token, after: String(kept.after) })
  const source = new EventSource(`/_wistro/channels/${encodeURIComponent(kept.customer)}?${query}`)
  channel = source
  source.addEventListener('connected', () => connection('Connected', true))
  source.addEventListener('answer', (event) => {
    take(JSON.parse(event.data))
    if (kept !== null) kept.after = Number(event.lastEventId)
    keep()
  })
  source.addEventListener('error', () => {
    // The browser comes back by itself, with the last id, unless it was refused: then the token is old.
    connection('Reconnecting', false)
    if (source.readyState === EventSource.CLOSED) setTimeout(renew, 2000, source)
  })
}

/** @param {EventSource} refused */
async function renew(refused) {
  if (channel !== refused || kept === null) return
  try {
    follow((await identify(kept.customer)).token)
  } catch {
    setTimeout(renew, 5000, refused)
  }
}

/** @param {string} text @param {boolean} live */
function connection(text, live) {
  at('connection').textContent = text
  at('connection').classList.toggle('live', live)
}

/** Takes an answer: to what this tab asked, or another tab of the same customer. @param {Answer} answer */
function take(answer) {
  const mine = kept?.entries.find(({ id }) => id === answer.response_meta?.entry)
  const text = answer.data?.text ?? answer.error?.message ?? 'There is no answer.'
  say({
    id: mine?.id ?? answer.call_id,
    who: 'desk',
    state: answer.data === undefined ? 'failed' : 'said',
    text: text.charAt(0).toUpperCase() + text.slice(1),
    about: answer.response_meta?.about,
  })
  if (answer.data?.refunded) markRefunded(answer.data.order_id)
}

// ------------------------------------------------------------------------------- asking

/** Calls the support flow; the answer comes on the channel. @param {Ask} wanted @param {string} [id] */
async function ask(wanted, id = crypto.randomUUID()) {
  const same = kept?.entries.find(({ state, ask }) => state === 'waiting' && sameAsk(ask, wanted))
  if (same !== undefined) return shown.get(same.id)?.scrollIntoView({ block: 'nearest' })
  const about = `Order ${wanted.order_id} · ${wanted.wish === 'refund' ? 'refund' : 'where is it?'}`
  const entry = { id, who: /** @type {const} */ ('desk'), about, ask: wanted }
  say({ ...entry, state: 'waiting', text: 'Looking into it' })
  setTimeout(grow, PATIENCE, id)
  try {
    const call = {
      input: wanted,
      respond_to: { target: 'channel', user: kept?.customer },
      client_context: { app: 'desk page', locale: navigator.language },
      response_meta: { entry: id, about },
    }
    // Asked again with the same key, it is the same call: nothing is paid back twice.
    await post('/call/support', call, { prefer: 'respond-async', 'idempotency-key': id })
  } catch (error) {
    if (waiting(id)) say({ ...entry, state: 'failed', text: `This did not work. ${told(error)}` })
  }
}

/** @param {Ask | undefined} one @param {Ask} other */
function sameAsk(one, other) {
  return one?.order_id === other.order_id && one.wish === other.wish
}

/** @param {string} id */
function grow(id) {
  const entry = waiting(id)
  const why = 'A colleague may have to look at it. You can close this page: the answer will wait for you'
  if (entry) say({ ...entry, text: why })
}

/** @param {string} words @param {string} [id] */
async function talk(words, id = crypto.randomUUID()) {
  say({ id, who: 'desk', state: 'waiting', text: 'Thinking', words })
  try {
    const turn = /** @type {Turn} */ (await post('/desk/talk', { words, order_id: kept?.about }))
    say({ id, who: 'desk', state: 'said', text: turn.say })
    if (turn.call === null || kept === null) return
    kept.about = turn.call.order_id
    await ask(turn.call)
  } catch (error) {
    say({ id, who: 'desk', state: 'failed', text: `This did not work. ${told(error)}`, words })
  }
}

/** @param {string} path @param {object} body @param {Record<string, string>} [headers] @returns {Promise<unknown>} */
async function post(path, body, headers = {}) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  const found = await response.json()
  if (!response.ok) throw new Refused(found.error?.message ?? response.statusText)
  return found
}

/** What the desk itself says about a request. */
class Refused extends Error {}

/** @param {unknown} error */
function told(error) {
  return error instanceof Refused ? error.message : 'The desk cannot be reached.'
}

// ------------------------------------------------------------------------------- what is seen

/** Puts an entry in the place of the one with its id, or at the end. @param {Entry} entry */
function say(entry) {
  if (kept === null) return
  const place = kept.entries.findIndex(({ id }) => id === entry.id)
  if (place < 0) kept.entries.push(entry)
  else kept.entries[place] = entry
  keep()
  show(entry)
}

/** @param {string} id */
function waiting(id) {
  return kept?.entries.find((entry) => entry.id === id && entry.state === 'waiting')
}

/** @param {Entry} entry */
function show(entry) {
  const line = shown.get(entry.id) ?? made('an-entry')
  line.className = `entry ${entry.who} ${entry.state}`
  line.classList.toggle('again-able', entry.state === 'failed' && Boolean(entry.ask ?? entry.words))
  part(line, '.by').textContent = entry.who === 'desk' ? 'The desk:' : 'You:'
  part(line, '.about').textContent = entry.about ?? ''
  part(line, '.text').textContent = entry.text
  if (!shown.has(entry.id)) {
    shown.set(entry.id, line)
    at('log').append(line)
    part(line, '.again').addEventListener('click', () => again(entry.id))
  }
  at('empty').hidden = true
  line.scrollIntoView({ block: 'nearest' })
}

/** @param {string} id */
function again(id) {
  const entry = kept?.entries.find((it) => it.id === id)
  if (entry?.ask) void ask(entry.ask, id)
  else if (entry?.words) void talk(entry.words, id)
}

/** @param {OrderView} view */
function showOrder({ order, refunded }) {
  const card = made('an-order')
  card.id = `order-${order.id}`
  part(card, '.article').textContent = order.article
  part(card, '.price').textContent = new Intl.NumberFormat('en', { style: 'currency', currency: 'EUR' }).format(order.cents / 100)
  part(card, '.number').textContent = `No. ${order.id}, ${order.days_ago === 1 ? 'yesterday' : `${order.days_ago} days ago`}`
  part(card, '.status').textContent = refunded ? 'paid back' : order.status
  for (const button of card.querySelectorAll('button')) {
    const wish = button.dataset.wish === 'refund' ? 'refund' : 'where'
    button.setAttribute('aria-label', `${button.textContent} ${order.article}`)
    button.disabled = wish === 'refund' && refunded
    button.addEventListener('click', () => ask({ order_id: order.id, wish }))
  }
  return card
}

/** @param {string} id */
function markRefunded(id) {
  const card = document.getElementById(`order-${id}`)
  if (card === null) return
  part(card, '.status').textContent = 'paid back'
  card.querySelector('[data-wish=refund]')?.setAttribute('disabled', '')
}

/** @param {string} words */
function suggestion(words) {
  const button = document.createElement('button')
  button.type = 'button'
  button.textContent = words
  button.addEventListener('click', () => speak(words))
  return button
}

/** @param {string} words */
function speak(words) {
  say({ id: crypto.randomUUID(), who: 'customer', state: 'said', text: words })
  void talk(words)
}

// ------------------------------------------------------------------------------- the beginning

at('composer').addEventListener('submit', (event) => {
  event.preventDefault()
  const input = /** @type {HTMLInputElement} */ (at('words'))
  const words = input.value.trim()
  input.value = ''
  if (words !== '') speak(words)
})
addEventListener('offline', () => connection('Offline', false))
addEventListener('online', () => channel !== null && renew(channel))
at('leave').addEventListener('click', leave)
for (const button of document.querySelectorAll('[data-customer]')) {
  button.addEventListener('click', () => enter(button.getAttribute('data-customer') ?? ''))
}

const stored = sessionStorage.getItem('desk')
if (stored !== null) {
  const before = /** @type {Kept} */ (JSON.parse(stored))
  kept = before
  at('door').hidden = true
  void enter(before.customer)
}

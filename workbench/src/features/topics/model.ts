import type { Api } from '@/api/client'
import type { Entry } from '@/api/live'

/** Who receives it shows in its run. */
export type Message = Omit<Api['PassedMessage'], 'receivers'>
export type Topic = Api['TopicView']

/** What tells one message from all others. */
export const idOf = (message: Message): string =>
  [message.flow, message.run_id, message.delivery_id ?? '', message.number ?? 0, ...(message.told ? [message.told] : [])].join('/')

/** The messages of a topic that entries of the journal speak of, the newest first. */
export function passedIn(entries: readonly Entry[], topic: string): Message[] {
  return entries.flatMap((entry) => messagesOf(entry, topic)).reverse()
}

function messagesOf(entry: Entry, topic: string): Message[] {
  if (!entry.flow || !entry.run_id) return []
  const found = { seq: entry.seq ?? 0, at: new Date(entry.at * 1_000).toISOString(), flow: entry.flow, run_id: entry.run_id, number: 0, told: 0 }
  if (entry.kind === 'run.started') {
    return entry.message === `event:${topic}` ? [{ ...found, step: null, delivery_id: null }] : []
  }
  const { emitted, told } = entry.fields ?? {}
  const count = Array.isArray(emitted) ? emitted.filter((each) => each === topic).length : 0
  return Array.from({ length: count }, (_, number) => ({
    ...found,
    number,
    step: entry.step ?? null,
    delivery_id: entry.delivery_id ?? null,
    told: typeof told === 'number' ? told : 0,
  }))
}

/** Fresh messages before those there are, each once. */
export function withFresh(messages: readonly Message[], fresh: readonly Message[], most = 500): Message[] {
  const known = new Set(messages.map(idOf))
  const more = fresh.filter((message) => !known.has(idOf(message)))
  return [...more, ...messages].slice(0, most)
}

/** Older messages after those there are, each once. */
export function withOlder(messages: readonly Message[], older: readonly Message[]): Message[] {
  const known = new Set(messages.map(idOf))
  return [...messages, ...older.filter((message) => !known.has(idOf(message)))]
}

/** Where the messages of a topic come from and go to, in a sentence. */
export function ends(topic: Topic): string {
  const from = topic.sources.map((end) => end.name)
  const to = topic.receivers.map((end) => end.name)
  const source = from.length > 0 ? listed(from) : topic.external ? 'Outside' : 'Nobody'
  return `${source} → ${to.length > 0 ? listed(to) : 'nobody'}`
}

function listed(names: string[]): string {
  return names.length <= 2 ? names.join(' and ') : `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`
}

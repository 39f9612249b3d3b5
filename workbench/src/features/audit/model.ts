import type { Api } from '@/api/client'

export type AuditItem = Api['AuditItem']

/** What was done, in words. */
const DONE: Record<string, string> = {
  'run.start': 'Started a run',
  'run.cancel': 'Asked the run to end',
  'run.fork': 'Went on in a new run',
  'run.retry': 'Made a delivery again',
  'run.skip': 'Skipped a delivery',
  'held.release': 'Released held deliveries',
  'answer.redeliver': 'Sent an answer again',
  'trigger.try': 'Tried a trigger',
  'schedule.pause': 'Paused a schedule',
  'schedule.resume': 'Resumed a schedule',
  'schedule.trigger': 'Had a schedule tick',
  'schedule.backfill': 'Made up for missed ticks',
  'call.cancel': 'Took back a call that was to come',
  'state.set': 'Changed a value of the state',
  'state.delete': 'Removed a value of the state',
  'state.clear': 'Removed a group of the state',
  'stream.token': 'Made a token for a stream',
  'channel.token': 'Made a token for a channel',
  'layout.keep': 'Moved the nodes of a graph',
  'task.answer': 'Answered a task',
  'task.comment': 'Commented on a task',
  'task.reassign': 'Said anew who may answer a task',
  'task.link': 'Made a link to a task',
  'task.attach': 'Attached a file to a task',
  'session.open': 'Signed in',
  'session.close': 'Signed out',
}

/** What was asked for and refused, in words. */
const ASKED: Record<string, string> = {
  call: 'Wanted to call a flow',
  fetch: 'Wanted the answer of a call',
  webhook: 'Sent a webhook',
  manage: 'Wanted to use the workbench or its API',
  inbox: 'Wanted something in the inbox',
  channel: 'Wanted to follow a channel',
  sign_in: 'Wanted to sign in',
  audit: 'A gap in the audit',
}

const REASONS: Record<string, string> = {
  unauthenticated: 'did not say who they are',
  credentials_unknown: 'showed a wrong key or token',
  credentials_twice: 'showed two credentials',
  key_expired: 'the API key has expired',
  token_expired: 'the token has expired',
  scope_missing: 'the key lacks a scope',
  level_missing: 'their level does not allow it',
  not_allowed: 'no rule lets them in',
  token_only: 'only for holders of the management token',
  cross_site: 'another site sent the request',
  signature_missing: 'it was not signed',
  signature_wrong: 'its signature was wrong',
  signature_expired: 'it was signed too long ago, or in the future',
  signature_timestamp_missing: 'it did not say when it was signed',
  task_not_yours: 'the task is somebody else’s',
  run_not_found: 'there is no such run',
}

const KINDS: Record<string, string> = {
  user: 'User',
  key: 'API key',
  token: 'Management token',
  flow: 'Flow',
  app: 'App',
  anonymous: 'Nobody known',
}

/** What an entry tells, in words. */
export function whatOf(item: Pick<AuditItem, 'action' | 'outcome'>): string {
  const words = item.outcome === 'refused' ? ASKED : DONE
  return words[item.action] ?? item.action
}

/** Why it was refused or failed, in words; nothing when it was done. */
export function reasonOf(item: Pick<AuditItem, 'reason'>): string {
  return REASONS[item.reason] ?? item.reason
}

const WAYS: Record<string, string> = {
  local: 'on the machine of the project',
  token: 'with the management token',
  key: 'with an API key',
  user: 'as a user',
}

/** What else it was about, in words where there are any. */
export function subjectOf(item: Pick<AuditItem, 'action' | 'subject'>): string | null {
  const { action, subject } = item
  return (subject && action.startsWith('session.') && WAYS[subject]) || subject
}

export interface Who {
  name: string
  kind: string
}

/** Who did it, from `user:anna`: a name for people, and how it was proved. */
export function whoOf(identity: string): Who {
  const at = identity.indexOf(':')
  const kind = at < 0 ? identity : identity.slice(0, at)
  const name = at < 0 ? '' : identity.slice(at + 1)
  const word = KINDS[kind] ?? kind
  return name ? { name, kind: word } : { name: word, kind: '' }
}

export const FILTERS = ['kind', 'flow', 'who', 'action', 'run_id'] as const

export type Kind = 'done' | 'refused'

/** The part of the address that chooses entries, as the API asks for it. */
export function wantedOf(params: URLSearchParams) {
  const kind = params.get('kind')
  return {
    kind: kind === 'done' || kind === 'refused' ? (kind as Kind) : null,
    flow: params.get('flow'),
    who: params.get('who'),
    action: params.get('action'),
    run_id: params.get('run_id'),
  }
}

/** The kinds of actions that one can choose; with a dot at the end, all that begin so. */
export const ACTIONS = [
  { value: 'run.', label: 'Runs' },
  { value: 'held.', label: 'Held deliveries' },
  { value: 'answer.', label: 'Answers' },
  { value: 'task.', label: 'Tasks' },
  { value: 'state.', label: 'State' },
  { value: 'schedule.', label: 'Schedules' },
  { value: 'trigger.', label: 'Triggers that were tried' },
  { value: 'session.', label: 'Sign-ins' },
]

/** The run in which another one goes on. */
export function forkOf(item: Pick<AuditItem, 'action' | 'subject'>): string | null {
  return ['run.fork', 'run.retry'].includes(item.action) ? (item.subject ?? null) : null
}

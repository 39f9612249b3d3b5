/** What the inbox says of tasks, in plain words. */

import type { Api } from '@/api/client'
import { durationInWords } from '@/components/When/model'
import { capital } from '@/components/words'

export type TaskSummary = Api['TaskSummary']
export type TaskDetail = Api['TaskDetail']

/** What the inbox shows: everything is in the address. */
export interface Filters {
  status: 'open' | 'closed'
  mine: boolean
  overdue: boolean
  flow: string | null
  assignee: string | null
  role: string | null
  text: string | null
}

export function filtersOf(query: URLSearchParams): Filters {
  return {
    status: query.get('status') === 'closed' ? 'closed' : 'open',
    mine: query.get('whose') === 'me',
    overdue: query.get('overdue') === 'yes',
    flow: query.get('flow'),
    assignee: query.get('assignee'),
    role: query.get('role'),
    text: query.get('text'),
  }
}

/** The query of an address; what is usual is left out, so that addresses stay short. */
export function addressOf(filters: Filters): URLSearchParams {
  const query = new URLSearchParams()
  if (filters.status === 'closed') query.set('status', 'closed')
  if (filters.mine) query.set('whose', 'me')
  if (filters.overdue) query.set('overdue', 'yes')
  for (const name of ['flow', 'assignee', 'role', 'text'] as const) {
    const value = filters[name]
    if (value) query.set(name, value)
  }
  return query
}

/** What the API is asked for. */
export function askedFor(filters: Filters) {
  const { flow, assignee, role, text } = filters
  return {
    status: filters.status,
    mine: filters.mine,
    overdue: filters.overdue,
    ...(flow ? { flow } : {}),
    ...(assignee ? { assignee } : {}),
    ...(role ? { role } : {}),
    ...(text ? { text } : {}),
  }
}

export type Urgency = 'overdue' | 'soon' | 'calm'

const SOON = 4 * 3_600_000

/** How long there is left, seen from `now`; nothing where no deadline is. */
export function dueInWords(due: string | null | undefined, now: number): { text: string; urgency: Urgency } | null {
  if (!due) return null
  const left = Date.parse(due) - now
  const long = durationInWords(roughly(Math.abs(left)))
  if (left < 0) return { text: `Overdue by ${long}`, urgency: 'overdue' }
  return { text: `Due in ${long}`, urgency: left < SOON ? 'soon' : 'calm' }
}

/** Nobody needs the seconds of a deadline that is hours away. */
function roughly(milliseconds: number): number {
  const unit = milliseconds > 86_400_000 ? 3_600_000 : 60_000
  return Math.max(60_000, Math.floor(milliseconds / unit) * unit)
}

/** Who may answer: `ada or anybody with the role finance`. */
export function whoFor({ assignees, roles }: Pick<TaskSummary, 'assignees' | 'roles'>): string {
  const text = listed([...assignees, ...roles.map((role) => `anybody with the role ${role}`)], 'or') || 'anybody'
  return assignees.length > 0 ? text : capital(text) // people are called what they sign in as
}

function listed(names: readonly string[], last: 'and' | 'or'): string {
  return names.length > 1 ? `${names.slice(0, -1).join(', ')} ${last} ${names.at(-1)}` : (names[0] ?? '')
}

export interface Progress {
  approved: number | null
  answered: number
  needed: number
  of: number | null
  sentence: string
  /** Who has not answered yet, where it is open and is known. */
  missing: string | null
}

type Decided = Pick<TaskDetail, 'approval' | 'answers' | 'assignees' | 'roles' | 'status' | 'votes'>

/** How far a decision of several people is; nothing where one answer is enough. */
export function progressOf(task: Decided): Progress | null {
  const { approval, assignees, roles } = task
  if (!approval || (approval.needed <= 1 && !approval.of)) return null
  const answered = Math.max(task.votes, task.answers.length)
  const said = task.answers.map(({ answer }) => approves(answer))
  const approved = said.length === answered && !said.includes(null) ? said.filter(Boolean).length : null
  const of = approval.of ?? (assignees.length > 0 && roles.length === 0 ? assignees.length : null)
  const count = `${approval.needed} ${approval.needed === 1 ? 'approval' : 'approvals'}`
  const among = of ? ` of ${of} people` : ''
  const veto = approval.veto ? ' A single refusal decides it.' : ''
  const missing = task.status === 'open' ? missingOf(assignees.filter((each) => !task.answers.some(({ by }) => by === each))) : null
  return { approved, answered, needed: approval.needed, of, sentence: `It takes ${count}${among}.${veto}`, missing }
}

function missingOf(names: readonly string[]): string | null {
  if (names.length === 0) return null
  return `${listed(names, 'and')} ${names.length === 1 ? 'has' : 'have'} not answered yet.`
}

/** Whether an answer approves, where it says so by itself. */
export function approves(answer: unknown): boolean | null {
  if (typeof answer !== 'object' || answer === null || !('approved' in answer)) return null
  return typeof answer.approved === 'boolean' ? answer.approved : null
}

/** What became of a closed task. */
export function outcomeInWords({ outcome, emitted }: Pick<TaskDetail, 'outcome' | 'emitted'>): string {
  const after = emitted.length > 0 ? ` The run went on with ${emitted.map((topic) => `“${topic}”`).join(', ')}.` : ''
  switch (outcome) {
    case 'approved':
      return `Approved.${after}`
    case 'refused':
      return `Refused.${after}`
    case 'answered':
      return `Answered.${after}`
    default:
      return `Closed without an answer.${after}`
  }
}

/** Names of fields as people read them: `order_id` is `Order id`. */
export function labelOf(name: string): string {
  const words = name.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replace(/[_-]+/g, ' ').trim().toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** A simple value in words; nothing for what has parts. */
export function valueInWords(value: unknown): string | null {
  if (value === null || value === undefined || value === '') return '—'
  if (typeof value === 'boolean') return value ? 'Yes' : 'No'
  if (typeof value === 'number') return value.toLocaleString()
  if (typeof value === 'string') return value
  if (Array.isArray(value) && value.every((each) => typeof each === 'string' || typeof each === 'number')) {
    return value.length === 0 ? '—' : value.join(', ')
  }
  return null
}

/** The first few facts of a request, which tell its task from others of the same name. */
export function gistOf(request: unknown, most = 3, longest = 60): string {
  const facts: string[] = []
  const read = (value: unknown, name: string) => {
    if (facts.length === most || value === null || value === undefined || value === '') return
    const simple = valueInWords(value)
    if (simple !== null) facts.push([name, simple.length > longest ? `${simple.slice(0, longest)}…` : simple].filter(Boolean).join(': '))
    else for (const [key, part] of Object.entries(value)) read(part, Array.isArray(value) ? name : labelOf(key))
  }
  read(request, '')
  return facts.join(' · ')
}

/** The size of a file: `12 KB`. */
export function sizeInWords(bytes: number): string {
  if (bytes < 1_000) return `${bytes} bytes`
  return bytes < 1_000_000 ? `${Math.round(bytes / 1_000)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}

const LARGEST_FILE = 1_048_576

/** Why a file cannot be attached; nothing when it can. */
export function refusalOf(file: { name: string; size: number }): string | null {
  if (file.size === 0) return `“${file.name}” is empty.`
  if (file.size > LARGEST_FILE) return `“${file.name}” has ${sizeInWords(file.size)}; a file may have 1 MB at most.`
  return null
}

/** A form that asks for a yes or no by its field `approved`, and for what else there is. */
export interface Verdict {
  /** The schema without the field. */
  rest: Readonly<Record<string, unknown>>
  /** Whether there is anything else to fill in. */
  more: boolean
}

/** Whether a form asks people to approve or refuse: they get two buttons instead of a switch. */
export function verdictOf(schema: Readonly<Record<string, unknown>> | null | undefined): Verdict | null {
  const properties = schema?.properties
  if (!isRecord(properties) || !isRecord(properties.approved) || properties.approved.type !== 'boolean') return null
  const { approved: _, ...others } = properties
  const required = Array.isArray(schema?.required) ? schema.required.filter((name) => name !== 'approved') : []
  return { rest: { ...schema, properties: others, required }, more: Object.keys(others).length > 0 }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The steps that a run has come by before a task was opened, in order, each once. */
export function wayTo(deliveries: readonly Pick<Api['DeliveryView'], 'delivery_id' | 'name' | 'status' | 'queued_at'>[], task: string) {
  const own = deliveries.find((delivery) => delivery.delivery_id === task)
  const before = deliveries.filter((each) => each !== own && (!own?.queued_at || !each.queued_at || each.queued_at <= own.queued_at))
  const names = new Map<string, { name: string; status: string; count: number }>()
  for (const { name, status } of before) {
    const known = names.get(name)
    names.set(name, { name, status, count: (known?.count ?? 0) + 1 })
  }
  return [...names.values()]
}

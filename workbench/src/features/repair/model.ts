/** Repairs of runs and deliveries: which there are, and what is said of them. */

import type { Api } from '@/api/client'

export type Action = 'cancel' | 'retry' | 'edit' | 'skip' | 'fork' | 'resume' | 'redeliver'
export type Preview = Api['RepairPreview']

/** What a repair needs to know of a run, and of the delivery it is about. */
export type Run = Pick<Api['RunDetail'], 'flow' | 'run_id' | 'status'> & { trigger?: string | null | undefined }
export type Delivery = Pick<Api['DeliveryView'], 'delivery_id' | 'step' | 'name' | 'status' | 'input'>

export interface Choice {
  action: Action
  label: string
  about: string
  /** Why it cannot be done; nothing when it can. */
  reason: string | null
  danger?: boolean
}

const NO_LEVEL = 'Your access lets you look, not change anything.'

/** The repairs of a delivery, those that make no sense with the reason why. */
export function deliveryRepairs(run: Run, delivery: Delivery, allowed: boolean): Choice[] {
  const over = isOver(run)
  const open = ['held', 'retrying', 'waiting'].includes(delivery.status)
  const left = over && ['failed', 'held', 'cancelled', 'retrying', 'waiting', 'queued', 'running'].includes(delivery.status)
  const again = left || open ? null : `It is ${wordOf(delivery.status)}; fork from here to make it again.`
  const choices: Choice[] = [
    {
      action: 'retry',
      label: 'Retry',
      about: over ? 'Go on in a new run' : 'Make it again in this run',
      reason: again,
    },
    { action: 'edit', label: 'Edit input and retry', about: 'Make it again with another input', reason: again },
    {
      action: 'skip',
      label: 'Skip',
      about: 'Go on without it',
      reason: over ? 'The run has ended.' : open ? null : `It is ${wordOf(delivery.status)}.`,
    },
    { action: 'fork', label: 'Fork from here', about: 'Make it again in a new run, and what follows', reason: null },
  ]
  return choices.map((choice) => withLevel(choice, allowed))
}

/** The repairs of a whole run. */
export function runRepairs(run: Run, allowed: boolean): Choice[] {
  const over = isOver(run)
  const choices: Choice[] = []
  if (!over) choices.push({ action: 'cancel', label: 'Cancel the run', about: 'Ask it to end', reason: null, danger: true })
  if (over && run.status !== 'completed') {
    choices.push({ action: 'resume', label: 'Go on from where it failed', about: 'In a new run', reason: null })
  }
  if (run.trigger?.startsWith('call')) {
    choices.push({ action: 'redeliver', label: 'Send the answer again', about: 'To whoever was to get it', reason: null })
  }
  return choices.map((choice) => withLevel(choice, allowed))
}

function withLevel(choice: Choice, allowed: boolean): Choice {
  return allowed ? choice : { ...choice, reason: NO_LEVEL }
}

function isOver(run: Run): boolean {
  return run.status !== 'running' && run.status !== 'scheduled'
}

function wordOf(status: string): string {
  return status === 'running' ? 'at work' : status.replace('_', ' ')
}

/** What the API calls an action. */
export function wireAction(action: Action): Preview['action'] {
  if (action === 'edit') return 'retry'
  return action === 'resume' ? 'fork' : action
}

export function titleOf(action: Action, delivery: Delivery | null): string {
  const name = delivery ? `“${delivery.name}”` : ''
  switch (action) {
    case 'cancel':
      return 'Cancel this run?'
    case 'retry':
      return `Retry ${name}?`
    case 'edit':
      return `Retry ${name} with another input`
    case 'skip':
      return `Skip ${name}?`
    case 'fork':
      return `Fork from ${name}?`
    case 'resume':
      return 'Go on from where it failed?'
    case 'redeliver':
      return 'Send the answer again?'
  }
}

export const BUTTONS: Record<Action, string> = {
  cancel: 'Cancel the run',
  retry: 'Retry',
  edit: 'Retry with this input',
  skip: 'Skip it',
  fork: 'Fork',
  resume: 'Start the new run',
  redeliver: 'Send again',
}

/** What was done, once it is. */
export function doneSentence(action: Action, delivery: Delivery | null, newRun: boolean): string {
  const name = delivery ? `“${delivery.name}”` : 'It'
  switch (action) {
    case 'cancel':
      return 'The run was asked to end.'
    case 'skip':
      return `The run goes on without ${name}.`
    case 'redeliver':
      return 'The answer is on its way again.'
    default:
      if (!newRun) return `${name} is being made again in this run.`
      return delivery ? `${name} is being made again in a new run.` : 'A new run goes on from there.'
  }
}

export interface Line {
  kind: 'same' | 'gone' | 'new'
  text: string
}

/** What an edit changes, line by line; nothing when it changes nothing. */
export function changes(before: unknown, after: unknown): Line[] {
  const [old, now] = [linesOf(before), linesOf(after)]
  if (old.join('\n') === now.join('\n')) return []
  // The longest common run of lines, from the end: `common[i][j]` is for `old[i…]` and `now[j…]`.
  const common = Array.from({ length: old.length + 1 }, () => new Array<number>(now.length + 1).fill(0))
  const at = (i: number, j: number) => common[i]?.[j] ?? 0
  for (let i = old.length - 1; i >= 0; i--) {
    const row = common[i] ?? []
    for (let j = now.length - 1; j >= 0; j--) {
      row[j] = old[i] === now[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const lines: Line[] = []
  let [i, j] = [0, 0]
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      lines.push({ kind: 'same', text: old[i] ?? '' })
      i++
      j++
    } else if (i < old.length && (j >= now.length || at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ kind: 'gone', text: old[i++] ?? '' })
    } else {
      lines.push({ kind: 'new', text: now[j++] ?? '' })
    }
  }
  return lines
}

const MOST_LINES = 1_500

function linesOf(value: unknown): string[] {
  return (JSON.stringify(value, null, 2) ?? 'null').split('\n').slice(0, MOST_LINES)
}

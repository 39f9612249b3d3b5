/** The addresses of pages that others link to. */

const part = encodeURIComponent

/** A run, or one of its deliveries. */
export function runPath(flow: string, run: string, delivery?: string | null): string {
  return withQuery(`/runs/${part(flow)}/${part(run)}`, 'delivery', delivery)
}

/** A flow, or one of its steps. */
export function flowPath(flow: string, step?: string | null): string {
  return withQuery(`/flows/${part(flow)}`, 'step', step)
}

/** The testers of a flow, or that of one trigger: by its id, or by the name of its step or topic. */
export function startPath(flow: string, trigger?: string | null): string {
  return withQuery(`/flows/${part(flow)}/start`, 'trigger', trigger)
}

export function topicPath(topic: string): string {
  return `/topics/${part(topic)}`
}

export function taskPath(task: string): string {
  return `/inbox/${part(task)}`
}

function withQuery(path: string, name: string, value: string | null | undefined): string {
  return value ? `${path}?${name}=${part(value)}` : path
}

import type { FlowModel } from './model'

/** The steps as one reads them: what starts the flow first, then what follows, each once. */
export function readingOrder(model: FlowModel): string[] {
  const steps = new Set(model.items.flatMap((item) => (item.type === 'step' ? [item.id] : [])))
  const next = new Map<string, string[]>()
  const entered = new Set<string>()
  for (const { source, target } of model.links) {
    next.set(source, [...(next.get(source) ?? []), target])
    if (source !== target && steps.has(source)) entered.add(target)
  }
  const order: string[] = []
  const seen = new Set<string>()
  const visit = (starts: readonly string[]) => {
    const queue = [...starts]
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
      if (seen.has(id)) continue
      seen.add(id)
      if (steps.has(id)) order.push(id)
      queue.push(...(next.get(id) ?? []))
    }
  }
  visit([...steps].filter((id) => !entered.has(id)))
  // Circles that nothing leads into.
  for (const id of steps) visit([id])
  return order
}

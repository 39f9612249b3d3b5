import type { Api } from '@/api/client'

type Flow = Api['FlowSummary']

/** The flows in which every word of the text is found. */
export function matching(flows: readonly Flow[], text: string): Flow[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  return flows.filter((flow) => {
    const about = [
      flow.id, flow.name, flow.description ?? '', flow.owner ?? '', ...flow.entry_topics, ...flow.starts.flatMap((each) => [each.name, each.words]),
    ]
    const all = about.join('\n').toLowerCase()
    return words.every((word) => all.includes(word))
  })
}

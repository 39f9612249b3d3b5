import { Code } from '@mantine/core'

/** Text of the API, with what stands in `backticks` as code. */
export function Words({ text }: { text: string }) {
  return text.split('`').map((part, index) => (index % 2 === 1 ? <Code key={index}>{part}</Code> : part))
}

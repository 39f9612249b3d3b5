import { jsonLanguage } from '@codemirror/lang-json'
import { errorsIn } from '@/components/SchemaForm/model'
import type { Json, JsonSchema } from '@/components/SchemaForm/schema'

export interface TextError {
  from: number
  to: number
  message: string
}

/** What is wrong with a text that is to be JSON of a schema, and where. Nothing is wrong with no text. */
export function errorsInText(text: string, schema?: JsonSchema): TextError[] {
  if (!text.trim()) return []
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch (error) {
    return [syntaxError(text, error)]
  }
  if (!schema) return []
  return errorsIn(schema, value).map(({ field, message }) => ({ ...placeOf(text, field), message }))
}

/** The text with its JSON laid out; as it was when it is not JSON. */
export function formatted(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

function syntaxError(text: string, error: unknown): TextError {
  let at = text.length
  jsonLanguage.parser.parse(text).iterate({
    enter(node) {
      if (node.type.isError) at = Math.min(at, node.from)
    },
  })
  const reason = error instanceof Error ? error.message : String(error)
  const short = reason.replace(/^JSON\.parse: /, '').replace(/,? ?(in JSON )?(\.\.\.)?at position \d+.*$/s, '').replace(/, (\.\.\.)?".*$/s, '')
  const from = Math.min(at, Math.max(0, text.length - 1))
  return { from, to: Math.min(text.length, from + 1), message: `This is not JSON: ${short}.` }
}

/** Where the value of a dotted path stands; of one that is missing, its nearest parent. */
export function placeOf(text: string, field: string): { from: number; to: number } {
  let node = jsonLanguage.parser.parse(text).topNode.firstChild
  let rest = field
  let name: { from: number; to: number } | null = null
  while (node && rest) {
    let found = null
    let index = 0
    for (let child = node.firstChild; child; child = child.nextSibling) {
      if (node.name === 'Object' && child.name === 'Property') {
        const key = child.firstChild
        const value = child.lastChild
        if (!key || !value || key === value) continue
        const said = keyOf(text.slice(key.from, key.to))
        if (rest !== said && !rest.startsWith(`${said}.`)) continue
        found = { node: value, taken: said.length + 1, name: { from: key.from, to: key.to } }
        break
      }
      if (node.name === 'Array' && !['[', ']', ',', '⚠'].includes(child.name)) {
        if (rest === String(index) || rest.startsWith(`${index}.`)) {
          found = { node: child, taken: String(index).length + 1, name: null }
          break
        }
        index++
      }
    }
    if (!found) break
    node = found.node
    name = found.name
    rest = rest.slice(found.taken)
  }
  if (!node) return { from: 0, to: Math.min(1, text.length) }
  const whole = node.name === 'Object' || node.name === 'Array'
  // The name of a big part, or its bracket, rather than a hundred underlined lines.
  if (whole) return name ?? { from: node.from, to: node.from + 1 }
  return { from: node.from, to: node.to }
}

function keyOf(text: string): string {
  try {
    return String(JSON.parse(text))
  } catch {
    return text
  }
}

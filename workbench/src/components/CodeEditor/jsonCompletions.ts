import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete'
import { syntaxTree } from '@codemirror/language'
import { type Field, fieldOf, type JsonSchema } from '@/components/SchemaForm/schema'

type SyntaxNode = ReturnType<typeof syntaxTree>['topNode']

/** Completes the names of properties, and values that a schema lists. */
export function completions(schema: JsonSchema) {
  return (context: CompletionContext): CompletionResult | null => {
    const inner = syntaxTree(context.state).resolveInner(context.pos, -1)
    const text = (node: SyntaxNode) => unquoted(context.state.sliceDoc(node.from, node.to))
    const property = inner.name === 'PropertyName' ? inner.parent : null
    const naming = property?.parent ?? (inner.name === 'Object' && context.explicit ? inner : null)
    if (naming) {
      const found = descend(schema, schema, pathTo(naming, text))
      const taken = new Set(naming.getChildren('Property').map((each) => (each.firstChild ? text(each.firstChild) : '')))
      return { from: property ? inner.from : context.pos, options: names(found, schema, taken) }
    }
    const value = inner.name === 'String' ? inner : null
    if (!value) return null
    return { from: value.from, to: value.to, options: values(descend(schema, schema, pathTo(value, text)), schema) }
  }
}

function names(schema: JsonSchema | null, root: JsonSchema, taken: Set<string>): Completion[] {
  const field = schema ? fieldOf(schema, root) : null
  if (field?.kind !== 'object') return []
  return field.properties
    .filter(({ name }) => !taken.has(name))
    .map(({ name, schema: inner, required }) => {
      const { title, description } = fieldOf(inner, root)
      const said = description ?? title
      return {
        label: JSON.stringify(name),
        type: 'property',
        detail: required ? 'required' : '',
        ...(said ? { info: said } : {}),
      }
    })
}

function values(schema: JsonSchema | null, root: JsonSchema): Completion[] {
  const field = schema ? fieldOf(schema, root) : null
  if (field?.kind === 'choice') return field.options.map(({ value }) => ({ label: JSON.stringify(value), type: 'enum' }))
  return field?.kind === 'fixed' ? [{ label: JSON.stringify(field.value), type: 'constant' }] : []
}

/** The schema of what stands at a path. */
function descend(schema: JsonSchema, root: JsonSchema, path: readonly (string | number)[]): JsonSchema | null {
  let found: JsonSchema | null = schema
  for (const key of path) {
    const field: Field | null = found ? fieldOf(found, root) : null
    if (field?.kind === 'object') {
      found = field.properties.find(({ name }) => name === key)?.schema ?? field.more
    } else if (field?.kind === 'array' && typeof key === 'number') {
      found = field.first[key] ?? field.items
    } else return null
  }
  return found
}

function pathTo(node: SyntaxNode, text: (node: SyntaxNode) => string): (string | number)[] {
  const path: (string | number)[] = []
  for (let at: SyntaxNode | null = node; at?.parent; at = at.parent) {
    const parent: SyntaxNode = at.parent
    if (parent.name === 'Property' && parent.firstChild && at.name !== 'PropertyName') path.unshift(text(parent.firstChild))
    if (parent.name === 'Array') {
      let index = 0
      for (let before = at.prevSibling; before; before = before.prevSibling) if (!['[', ','].includes(before.name)) index++
      path.unshift(index)
    }
  }
  return path
}

function unquoted(text: string): string {
  return text.replace(/^"|"$/g, '')
}

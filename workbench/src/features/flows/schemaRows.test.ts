import { describe, expect, it } from 'vitest'
import { schemaRows } from './schemaRows'

describe('schemaRows', () => {
  it('says names, types, rules and what is required', () => {
    const rows = schemaRows({
      type: 'object',
      required: ['id'],
      properties: {
        id: { type: 'string', pattern: '^\\d{4}$', description: 'Of the order' },
        total: { type: 'number', exclusiveMinimum: 0, default: 1 },
        wish: { enum: ['where', 'refund'] },
        at: { type: 'string', format: 'date-time' },
      },
    })
    expect(rows.map(({ name, type, required, rules }) => [name, type, required, rules])).toEqual([
      ['id', 'text', true, ['matches ^\\d{4}$']],
      ['total', 'number', false, ['more than 0', '1 if not given']],
      ['wish', 'one of', false, ['where, refund']],
      ['at', 'date and time', false, []],
    ])
    expect(rows[0]?.description).toBe('Of the order')
  })

  it('goes into objects and lists, through references', () => {
    const rows = schemaRows({
      $defs: { Line: { type: 'object', properties: { sku: { type: 'string', minLength: 1 } } } },
      properties: {
        lines: { type: 'array', minItems: 1, items: { $ref: '#/$defs/Line' } },
        first: { anyOf: [{ $ref: '#/$defs/Line' }, { type: 'null' }] },
      },
    })
    expect(rows.map(({ path, depth, type }) => [path, depth, type])).toEqual([
      ['lines', 0, 'list of objects'],
      ['lines[].sku', 1, 'text'],
      ['first', 0, 'object or nothing'],
      ['first.sku', 1, 'text'],
    ])
    expect(rows[1]?.rules).toEqual(['at least 1 letter'])
  })

  it('ends where a schema refers to itself', () => {
    const rows = schemaRows({
      $ref: '#/$defs/Tree',
      $defs: { Tree: { type: 'object', properties: { children: { type: 'array', items: { $ref: '#/$defs/Tree' } } } } },
    })
    expect(rows.length).toBeLessThan(5)
    expect(rows[0]?.path).toBe('children')
  })

  it('leaves out bounds that only computers have', () => {
    const schema = { type: 'integer', minimum: -9007199254740991, maximum: 9007199254740991 }
    expect(schemaRows(schema)[0]?.rules).toEqual([])
  })

  it('is one row of what is no object', () => {
    expect(schemaRows({ type: 'integer', minimum: 3 })).toMatchObject([{ name: '', type: 'whole number', rules: ['at least 3'] }])
    expect(schemaRows({})).toMatchObject([{ type: 'anything' }])
  })
})

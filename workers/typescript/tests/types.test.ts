import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { renderTypes } from '../src/types/render.js'
import { intersection, SchemaTypes, union } from '../src/types/schemaTypes.js'
import { compiled, declared, install, link, project, projectOf, run, write } from './support/projects.js'

const LINKS = { zod: 'node_modules/zod', zod3: 'node_modules/zod3', '@types/node': 'node_modules/@types/node' }

describe('what authors import', () => {
  // Every wrong line of the fixture has `@ts-expect-error`: one that compiles is an error too.
  test.each(['NodeNext', 'CommonJS', 'ESNext'])('is typed in a project of %s', async (module) => {
    const root = await installed('typed')
    const resolution = { NodeNext: 'NodeNext', CommonJS: 'Node10', ESNext: 'Bundler' }[module]
    await configure(root, { module, moduleResolution: resolution, esModuleInterop: true })
    expect(await compiled(root)).toBe('')
  })

  test('is typed where the package is used in place, through a link', async () => {
    const root = await project('typed', { ...LINKS, wistro: '.' })
    await configure(root, { module: 'CommonJS', moduleResolution: 'Node10', esModuleInterop: true })
    expect(await compiled(root)).toBe('')
  })

  test('is typed for required modules of a project with `"type": "commonjs"`', async () => {
    const root = await installed('typed')
    await write(root, 'package.json', '{ "type": "commonjs" }')
    expect(await compiled(root)).toBe('')
  })
})

describe('the generated declarations', () => {
  test('type the handlers of a Motia project, and a wrong message does not compile', async () => {
    const root = await installed('zod4')
    expect(await compiled(root)).not.toBe('')
    await generate(root)
    await configure(root, { skipLibCheck: false })
    expect(await compiled(root)).toBe('')
    await configure(root, { skipLibCheck: true })

    const charge = join(root, 'steps/charge_card_step.ts')
    const source = await readFile(charge, 'utf8')
    await writeFile(charge, source.replace('id: input.id,', 'id: input.total,'))
    expect(await compiled(root)).toContain('charge_card_step.ts')
    await writeFile(charge, source.replace('total: z.number()', 'total: z.string()'))
    await generate(root)
    // The subscriber wants another type now: its emitter does not compile.
    expect(await compiled(root)).toContain('place-order.step.ts')
  })

  test('that Motia wrote are understood', async () => {
    const root = await installed('zod4')
    // Nothing in the project names this package until `wistro types` has run.
    await configure(root, { types: ['node', 'wistro'] })
    await write(
      root,
      'types.d.ts',
      `import { EventHandler, ApiRouteHandler, ApiResponse, MotiaStream, CronHandler } from 'motia'

declare module 'motia' {
  interface FlowContextStateStreams {
    'chat': MotiaStream<{ text: string }>
  }
  interface Handlers {
    'PlaceOrder': ApiRouteHandler<{ item: string; count: number }, ApiResponse<200, { total: number }>, { topic: 'order.placed'; data: { id: string; total: number } } | { topic: 'order.refused'; data: never }>
    'ChargeCard': EventHandler<{ id: string; total: number }, { topic: 'payment.taken'; data: { id: string, at: string } }>
    'Nightly': CronHandler<never>
  }
}
`,
    )
    expect(await compiled(root)).toBe('')
  })

  test('name the flows: a wrong name or input does not compile', async () => {
    const root = await projectOf({
      'package.json': '{ "type": "module" }',
      'tsconfig.json': await readFile(new URL('fixtures/typed/tsconfig.json', import.meta.url), 'utf8'),
      'steps/ask.step.ts': `import type { Context, NoopConfig } from 'wistro'

export const handler = async (ctx: Context) => {
  const quote = await ctx.call('quotes', { weight: 3 }, { timeout: '1m' })
  const price: number = quote.price
  const news: string[] = await ctx.call('news')
  const same: number = (await ctx.call('returns', { weight: 1 })).price
  // @ts-expect-error no such flow
  await ctx.call('quote', { weight: 3 })
  // @ts-expect-error a number is expected
  await ctx.call('quotes', { weight: '3' })
  // @ts-expect-error the input is missing
  await ctx.call('quotes')
  return [price, news, same]
}

export const config = { type: 'noop', name: 'Ask', calls: 'quotes' } satisfies NoopConfig
// @ts-expect-error no such flow
export const wrong = { type: 'noop', name: 'Ask', calls: { flow: 'quote' } } satisfies NoopConfig
`,
    })
    await link(root, LINKS)
    await install(root)
    expect(await compiled(root)).not.toBe('')
    const object = (name: string, type: string) => ({ type: 'object', properties: { [name]: { type } }, required: [name] })
    const flows = {
      quotes: { callable: { input: object('weight', 'number'), output: object('price', 'number') } },
      news: { callable: { output: { type: 'string' }, responses: 'many' as const } },
    }
    const apps = { returns: { callable: 'quotes' } }
    await write(root, 'types.d.ts', renderTypes({ steps: [], topics: {}, streams: {}, flows, apps }))
    expect(await compiled(root)).toBe('')
  })

  test('are checked', async () => {
    const root = await installed('zod4')
    const output = await generate(root)
    expect((await generate(root, '--check')).code).toBe(0)
    await writeFile(join(root, 'types.d.ts'), 'old')
    const ended = await generate(root, '--check')
    expect([ended.code, ended.err]).toEqual([1, `error: \`${join(root, 'types.d.ts')}\` is stale\nhint: run \`wistro types\`\n`])
    expect(output.code).toBe(0)
  })

  test('of a project without anything to type are a module still', () => {
    expect(renderTypes({ steps: [], topics: {}, streams: {}, flows: {}, apps: {} })).toContain(`import 'wistro'`)
  })

  test('name joined messages, quorums, recursion, and everything that subscribers want', () => {
    const node = { type: 'object', properties: { next: { $ref: '#' }, id: { type: 'string' } }, required: ['id'] }
    const text = renderTypes({
      topics: { b: { message: { type: 'object', properties: { b: { const: 1 } }, required: ['b'] } } },
      streams: {},
      flows: {
        quotes: { callable: { input: node, output: { type: 'number' } } },
        news: { callable: { output: { type: 'string' }, responses: 'many' } },
        orders: {},
      },
      apps: { returns: { callable: 'quotes' }, plain: {} },
      steps: [
        { id: 'one', name: 'One', kind: 'event', subscribes: [{ topic: 'a' }], input: node },
        { id: 'two', name: 'Two', kind: 'event', subscribes: [{ topic: 'a' }], input: { type: 'object', properties: { z: { type: 'null' } } } },
        { id: 'all', name: 'All', kind: 'event', subscribes: [{ topic: 'a' }, { topic: 'b' }], join: {} },
        { id: 'some', name: 'Some', kind: 'event', subscribes: [{ topic: 'b' }], join: { quorum: 2 }, emits: [{ topic: 'a' }] },
        { id: 'people', name: 'People', kind: 'noop', subscribes: [{ topic: 'b' }], input: { type: 'string' } },
        { id: 'python', name: 'Python', kind: 'event', language: 'python', subscribes: [] },
      ],
    })
    expect(text).toBe(`// Written by \`wistro types\`. Do not edit: it is written anew whenever the steps change.

import type { EventHandler, Flows, Handlers, Topics } from 'wistro'

type OneInput = {
  next?: OneInput
  id: string
}

declare module 'wistro' {
  interface Topics {
    a: OneInput & {
      z?: null
    }
    b: {
      b: 1
    }
  }

  interface Flows {
    news: { input: unknown; output: Array<string> }
    quotes: { input: OneInput; output: number }
    returns: Flows['quotes']
  }

  interface Handlers {
    All: EventHandler<{ a: Topics['a']; b: Topics['b'] }, never>
    One: EventHandler<OneInput, never>
    Some: EventHandler<{ b?: Array<Topics['b']> }, { topic: 'a'; data: Topics['a'] }>
    Two: EventHandler<{
      z?: null
    }, never>
    all: Handlers['All']
    one: Handlers['One']
    some: Handlers['Some']
    two: Handlers['Two']
  }
}
`)
  })
})

describe('the type of a schema', () => {
  test.each<[string, unknown]>([
    ['unknown', null],
    ['unknown', {}],
    ['unknown', true],
    ['never', false],
    ['string', { type: 'string', minLength: 3 }],
    ['number | null', { type: ['integer', 'null'] }],
    [`'a' | 'it\\'s "b"' | 3`, { enum: ['a', `it's "b"`, 3] }],
    ['Array<string | null>', { type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'null' }] } }],
    ['[string, (number | null)?]', { type: 'array', prefixItems: [{ type: 'string' }, { type: ['number', 'null'] }], items: false, minItems: 1 }],
    ['[string, ...Array<number>]', { prefixItems: [{ type: 'string' }], minItems: 1, items: { type: 'number' } }],
    ['Record<string, number>', { type: 'object', additionalProperties: { type: 'number' } }],
    ['Record<string, never>', { type: 'object', additionalProperties: false }],
    ['Record<string, unknown>', { type: 'object' }],
    [`{\n  'a-b'?: number\n}`, { properties: { 'a-b': { type: 'number' } } }],
    ['{\n  /** What it is. */\n  a: string\n}', { properties: { a: { type: 'string', description: 'What\n it is.' } }, required: ['a'], additionalProperties: true }],
    ['{\n  a?: string\n  [key: string]: unknown\n}', { properties: { a: { type: 'string' } }, additionalProperties: { type: 'number' } }],
    ['{\n  a?: string\n} & (1 | 2)', { type: 'object', properties: { a: { type: 'string' } }, anyOf: [{ const: 1 }, { const: 2 }] }],
    ['string', { $ref: '#/$defs/a~1b', $defs: { 'a/b': { type: 'string' } } }],
    [`{ a: [1, 'b'] }`, { const: { a: [1, 'b'] } }],
  ])('%s', (type, schema) => {
    expect(new SchemaTypes().of(schema, 'x')).toBe(type)
  })

  test('is declared when it holds itself', () => {
    const types = new SchemaTypes()
    const schema = {
      properties: { tree: { $ref: '#/$defs/tree' } },
      $defs: { tree: { type: 'array', items: { $ref: '#/$defs/tree' } } },
    }
    expect(types.of(schema, 'a step')).toBe('{\n  tree?: AStepTree\n}')
    expect(types.of(schema, 'another')).toBe('{\n  tree?: AStepTree\n}')
    expect(types.declarations).toEqual(['type AStepTree = Array<AStepTree>'])
  })

  test('is simple where it can be', () => {
    expect(union(['a', 'unknown'])).toBe('unknown')
    expect(union(['a', 'a', 'never'])).toBe('a')
    expect(intersection(['a', 'unknown', 'a'])).toBe('a')
    expect(intersection([`'x|y'`, 'b | c'])).toBe(`'x|y' & (b | c)`)
  })
})

async function installed(name: string): Promise<string> {
  const root = await project(name, LINKS)
  await install(root)
  return root
}

async function configure(root: string, options: object): Promise<void> {
  const file = join(root, 'tsconfig.json')
  const tsconfig = JSON.parse(await readFile(file, 'utf8')) as { compilerOptions: object }
  Object.assign(tsconfig.compilerOptions, options)
  await writeFile(file, JSON.stringify(tsconfig))
}

/** As `wistro types` does it: from the lock, here as the declaration says it. */
async function generate(root: string, ...options: readonly string[]) {
  const { steps, streams } = await declared(root)
  const input = join(root, 'lock.json')
  await writeFile(
    input,
    JSON.stringify({
      steps: Object.fromEntries(steps.map(({ path, config }) => [path, lockedStep(path, config)])),
      streams: Object.fromEntries(streams.map(({ config }) => [config['name'], { item: config['schema'] }])),
      topics: {},
    }),
  )
  return run('dist/types/main.js', '--input', input, '--output', join(root, 'types.d.ts'), ...options)
}

function lockedStep(path: string, config: Readonly<Record<string, unknown>>) {
  const { emits = [], subscribes = [] } = config as { emits?: object; subscribes?: string[] }
  const declarations = Array.isArray(emits)
    ? emits.map((emit: unknown) => (typeof emit === 'string' ? { topic: emit } : emit))
    : Object.entries(emits).map(([topic, message]: [string, unknown]) => ({ topic, message }))
  return {
    id: path.replace(/^.*\/|[._]step\.ts$/g, ''),
    name: config['name'],
    kind: config['type'],
    language: 'node',
    emits: declarations,
    subscribes: subscribes.map((topic) => ({ topic })),
    input: config['input'],
    api: { path: config['path'] ?? '', body: config['bodySchema'], responses: config['responseSchema'] },
  }
}

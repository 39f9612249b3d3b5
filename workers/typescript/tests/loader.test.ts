import { describe, expect, test } from 'vitest'

import { link, project, projectOf, run } from './support/projects.js'

interface Said {
  readonly kind: string
  readonly same: boolean
  readonly message?: string
  readonly returned?: unknown
  readonly isStepError?: boolean
  readonly retryAfter?: number
  readonly issues?: unknown
  readonly stack?: string
}

async function load(root: string, path: string, data?: unknown): Promise<Said> {
  const given = data === undefined ? [] : [JSON.stringify(data)]
  const { out, err } = await run('tests/support/load.mjs', root, path, ...given)
  expect(err).toBe('')
  return JSON.parse(out.trim().split('\n').at(-1) ?? '') as Said
}

describe('the names `wistro` and `motia`', () => {
  test('are this package where a CommonJS project has none, and its errors are the worker’s', async () => {
    const said = await load(await project('cjs'), 'steps/notify.step.js')
    expect(said).toMatchObject({ kind: 'Terminal', message: 'no such address', isStepError: true })
  })

  test('are this package where a project of ES modules has none', async () => {
    const said = await load(await project('esm'), 'steps/ship.step.js')
    expect(said).toMatchObject({ kind: 'Retryable', message: 'post is busy', isStepError: true, retryAfter: 30 })
  })

  test.each(['commonjs', 'module'])('are the project’s own where it has them (%s)', async (type) => {
    const root = await projectOf({
      'package.json': JSON.stringify({ type }),
      'node_modules/motia/package.json': '{ "name": "motia", "main": "index.js" }',
      'node_modules/motia/index.js': 'exports.own = "theirs"',
      'steps/a.step.ts': `import { own } from 'motia'
        export const config = { type: 'cron', name: 'A' }
        export const handler = () => own`,
    })
    expect(await load(root, 'steps/a.step.ts')).toMatchObject({ returned: 'theirs' })
  })

  test('may be imported for types alone', async () => {
    const root = await projectOf({
      'package.json': '{ "type": "module" }',
      'steps/a.step.ts': `import { EventConfig, Handlers, type Nothing } from 'motia'
        export const config: EventConfig = { type: 'event', name: 'A', subscribes: [] }
        export const handler: Handlers['A'] = async () => 'ran'`,
    })
    expect(await load(root, 'steps/a.step.ts')).toMatchObject({ returned: 'ran' })
  })
})

describe('step files', () => {
  test('see tsconfig paths, decorators and JSX', async () => {
    const said = await load(await project('paths'), 'src/steps/greet.step.ts')
    expect(said.returned).toEqual({ status: 200, body: '<p>hello</p>' })
  })

  test('have their own lines in stack traces', async () => {
    const root = await projectOf({
      'steps/a.step.ts': `interface Gone {
  a: string
}

export const config = { type: 'cron', name: 'A' }
export const handler = async (_: Gone) => {
  throw new Error('here')
}`,
    })
    expect((await load(root, 'steps/a.step.ts')).stack).toContain('steps/a.step.ts:7:9')
  })
})

describe('the input of a handler', () => {
  const steps = (zod: string) => ({
    'steps/a.step.ts': `import { z } from '${zod}'
      export const config = {
        type: 'event', name: 'A', subscribes: [],
        input: z.object({
          id: z.string(),
          count: z.number().default(2),
          at: z.date().optional(),
          many: z.array(z.object({ at: z.date() })).optional(),
        }),
      }
      export const handler = (input) => [input.count, input.extra, input.at instanceof Date, input.many?.[0].at instanceof Date]`,
    'steps/b.step.ts': `import { z } from '${zod}'
      export const config = { type: 'api', name: 'B', path: '/', method: 'GET', bodySchema: z.object({ id: z.string() }) }
      export const handler = (input) => input`,
  })

  test.each(['zod', 'zod3'])('is what its schema makes of it: %s', async (zod) => {
    const root = await projectOf(steps('zod'))
    await link(root, { zod: `node_modules/${zod}` })
    const now = new Date().toISOString()
    const filled = await load(root, 'steps/a.step.ts', { id: '7', at: now, many: [{ at: now }] })
    expect(filled.returned).toEqual([2, null, true, true])
    const refused = await load(root, 'steps/a.step.ts', { id: 7 })
    expect(refused).toMatchObject({ kind: 'InvalidMessage', issues: [{ field: 'id' }] })
  })

  test('keeps what its schema does not know', async () => {
    const root = await projectOf(steps('zod'))
    await link(root, { zod: 'node_modules/zod' })
    const said = await load(root, 'steps/b.step.ts', { id: '7', extra: [{ a: 1 }] })
    expect(said).toMatchObject({ same: true, returned: { id: '7', extra: [{ a: 1 }] } })
  })
})

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { declared, link, project, projectOf, run, write } from './support/projects.js'

const ZOD4 = { zod: 'node_modules/zod' }

test('steps of a project and of its apps are found', async () => {
  const noop = "export const config = { type: 'noop', name: 'Nothing' }"
  const found = await declared(
    await projectOf({
      'package.json': '{ "type": "module" }',
      'steps/same.step.ts': noop,
      'apps/refunds/steps/same.step.ts': noop,
      'apps/mail/src/deep/letter_step.js': noop,
      'apps/mail/other/letter.step.ts': noop,
      'apps/.hidden/steps/gone.step.ts': noop,
      'apps/readme.md': 'No app',
    }),
  )
  expect(found.errors).toEqual([])
  expect(found.steps.map(({ path }) => path)).toEqual([
    'apps/mail/src/deep/letter_step.js',
    'apps/refunds/steps/same.step.ts',
    'steps/same.step.ts',
  ])
})

describe('configs', () => {
  test('of Motia, with zod 4, are plain JSON', async () => {
    const { steps, streams, errors } = await declared(await project('zod4', ZOD4))
    expect(errors).toEqual([])
    expect(steps.map(({ path, has_handler }) => [path, has_handler])).toEqual([
      ['steps/approve.step.ts', false],
      ['steps/charge_card_step.ts', true],
      ['steps/nightly.step.ts', true],
      ['steps/place-order.step.ts', true],
    ])
    const [, charge, , place] = steps
    expect(place?.config).not.toHaveProperty('middleware')
    expect(place?.config['bodySchema']).toMatchObject({
      type: 'object',
      required: ['item'],
      properties: { count: { default: 1 } },
    })
    expect(charge?.config['emits']).toEqual({
      'payment.taken': {
        type: 'object',
        properties: { id: { type: 'string' }, at: { type: 'string', format: 'date-time' } },
        required: ['id', 'at'],
      },
      'payment.refused': null,
    })
    expect(charge?.config['retry']).toMatchObject({ terminal: ['CardDeclined', 'OutOfMoney'] })
    expect(charge?.line).toBe(6)
    expect(streams).toMatchObject([
      { path: 'src/streams/chat.stream.ts', has_access: true, config: { name: 'chat' } },
    ])
    expect(streams[0]?.config).not.toHaveProperty('canAccess')
  })

  test('with zod 3 have the same JSON Schemas', async () => {
    const { steps } = await declared(await project('zod3', { zod: 'node_modules/zod3' }))
    expect(steps[0]?.config['input']).toMatchObject({
      properties: {
        id: { type: 'string', format: 'uuid' },
        at: { type: 'string', format: 'date-time' },
        total: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 100 },
        tags: { type: 'array', default: [] },
        pair: { type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }] },
        count: { type: 'string' },
        only: { additionalProperties: false },
      },
      required: ['id', 'at', 'total', 'pair', 'count', 'only'],
    })
  })

  test('with the newer half of zod 3 are read too', async () => {
    const root = await projectOf({
      'steps/a.step.ts': `import { z } from 'zod/v4'
        export const config = { type: 'event', name: 'A', subscribes: ['a'], input: z.object({ at: z.date() }).meta({ title: 'Named' }) }`,
    })
    await link(root, { zod: 'node_modules/zod3' })
    const { steps } = await declared(root)
    expect(steps[0]?.config['input']).toEqual({
      type: 'object',
      title: 'Named',
      properties: { at: { type: 'string', format: 'date-time' } },
      required: ['at'],
    })
  })

  test('in CommonJS and in ES modules are found, and what step files print stays out', async () => {
    const cjs = await declared(await project('cjs'))
    expect(cjs.errors).toEqual([])
    expect(cjs.steps.map(({ config }) => config['name'])).toEqual(['Notify', 'Plain'])
    const esm = await declared(await project('esm'))
    expect(esm.errors).toEqual([])
    expect(esm.steps.map(({ config }) => config['name'])).toEqual(['Ship', 'Wait'])
  })

  test('see the project’s own tsconfig: paths, decorators, JSX', async () => {
    const { steps, errors } = await declared(await project('paths'))
    expect(errors).toEqual([])
    expect(steps).toHaveLength(1)
  })
})

describe('what is wrong', () => {
  test('is reported with its file, and the rest go on', async () => {
    const { steps, errors } = await declared(await project('broken'))
    expect(steps.map(({ path }) => path)).toEqual(['steps/a_fine.step.ts'])
    expect(errors.map(({ path, line, error, hint }) => [path, line, error, hint])).toEqual([
      ['steps/b_syntax.step.ts', 3, '`steps/b_syntax.step.ts` does not load: SyntaxError: Expected "}" but found "\'Syntax\'"', null],
      ['steps/c_package.step.ts', 1, '`steps/c_package.step.ts` does not load: it imports `not-installed`, which is not there', '`npm install not-installed`, or correct the import'],
      ['steps/d_file.step.ts', 2, '`steps/d_file.step.ts` does not load: it imports `not-here`, which is not there', 'correct the path of the import'],
      ['steps/e_throws.step.ts', 3, '`steps/e_throws.step.ts` does not load: RangeError: bangnull (in `steps/boom.ts`, line 7)', null],
      ['steps/f_exits.step.ts', 1, '`steps/f_exits.step.ts` does not load: it ends the process (`process.exit(3)`)', 'a step file is imported; keep what ends the process inside a function'],
      ['steps/g_no_config.step.ts', null, '`steps/g_no_config.step.ts` has no config: expected an object called `config`, found none', 'write `export const config = { … }` in the step file'],
      ['steps/h_function.step.ts', 3, '`input.check`: expected plain data or a schema, found a function', 'a config holds text, numbers, lists, tables, and schemas of zod or JSON Schema'],
      ['steps/i_export.step.ts', 1, '`steps/i_export.step.ts` does not load: it imports `missing` from `./boom`, which exports no such name', 'correct the name, or write `import type` for a type'],
    ])
    expect(errors.find(({ path }) => path.includes('h_function'))?.field).toBe('input.check')
  })

  test('and does not end by itself is ended', async () => {
    const root = await projectOf({
      'package.json': '{ "type": "module" }',
      'steps/a_waits.step.ts': 'await new Promise(() => {})\nexport const config = {}',
      'steps/b_late.step.ts': `void Promise.reject(new Error('floating'))
        setInterval(() => {}, 1)
        process.on('exit', () => { for (;;) {} })
        setTimeout(() => process.exit(5), 1)
        export const config = { type: 'noop', name: 'Late' }`,
    })
    const found = await declared(root, '--limit', '0.5')
    expect(found.steps.map(({ path }) => path)).toEqual(['steps/b_late.step.ts'])
    expect(found.errors[0]?.error).toBe('`steps/a_waits.step.ts` does not load: it is still loading after 0.5 s')
  })

  test('and loops without end is killed, named by its progress and left out by the next attempt', async () => {
    const root = await projectOf({
      'steps/a_loops.step.ts': 'for (;;) {}',
      'steps/b_fine.step.ts': `export const config = { type: 'noop', name: 'Fine' }`,
    })
    const progress = join(root, 'progress')
    const ended = await run('dist/discover/main.js', root, '--limit', '0.1', '--progress', progress)
    expect(ended.code).not.toBe(0)
    const culprit = await readFile(progress, 'utf8')
    expect(culprit).toBe('steps/a_loops.step.ts')
    const found = await declared(root, '--skip', culprit)
    expect(found.steps.map(({ path }) => path)).toEqual(['steps/b_fine.step.ts'])
  })
})

describe('the hash of a step', () => {
  const hashes = async (root: string) => {
    const { steps } = await declared(root)
    return Object.fromEntries(steps.map(({ path, hash }) => [path.replace(/.*\/|\.step.*/g, ''), hash]))
  }

  test('changes with what it is made of, and with nothing else', async () => {
    const root = await projectOf({
      'package.json': '{ "type": "module" }',
      'tsconfig.json': '{ "compilerOptions": { "paths": { "@lib/*": ["./lib/*"] } } }',
      'lib/deep.ts': 'export const deep = 1',
      'lib/near.ts': `import { deep } from './deep'\nexport const near = deep`,
      'lib/types.ts': 'export type Only = string',
      'steps/a.step.ts': `import { near } from '@lib/near'\nimport type { Only } from '@lib/types'
        export const config = { type: 'noop', name: \`\${near}\` as Only, includeFiles: ['data/**/*.txt', './one.sql'] }`,
      'steps/b.step.ts': `export const config = { type: 'noop', name: 'B' }`,
      'steps/c.step.ts': 'this is not TypeScript',
    })
    const before = await hashes(root)
    await write(root, 'steps/unrelated.md', 'x')
    await write(root, 'lib/types.ts', 'export type Only = string | undefined')
    expect(await hashes(root)).toEqual(before)
    for (const path of ['lib/deep.ts', 'steps/data/x/y.txt', 'steps/one.sql']) {
      const { a, b } = await hashes(root)
      await write(root, path, 'export const deep = 2')
      const after = await hashes(root)
      expect(after['a']).not.toBe(a)
      expect(after['b']).toBe(b)
    }
  })
})

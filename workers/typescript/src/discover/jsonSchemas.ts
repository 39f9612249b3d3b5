/** JSON Schemas (draft 2020-12) of what authors give as a schema: zod 3, zod 4, Standard Schema. */
import { createRequire } from 'node:module'

import { zodToJsonSchema } from 'zod-to-json-schema'

import { SetupError } from '../errors.js'

type Json = Record<string, unknown>

/** What a zod 4 schema's `toJSONSchema` and `zod/v4/core`'s function of that name take. */
interface ZodOptions {
  readonly io: 'input'
  readonly target: 'draft-2020-12'
  readonly unrepresentable: 'any'
  readonly override: (context: { zodSchema: Zod4; jsonSchema: Json }) => void
}

interface Zod4 {
  readonly _zod: { readonly def: { readonly type: string } }
  toJSONSchema?(options: ZodOptions): Json
  meta?(): Json | undefined
}

interface Zod3 {
  readonly _def: { readonly typeName: string }
}

/** Schemas of other libraries that make JSON Schemas themselves (Standard JSON Schema). */
interface Describing {
  readonly '~standard': {
    readonly vendor: string
    readonly jsonSchema?: { input(options: { target: 'draft-2020-12' }): Json }
  }
}

/**
 * How messages look when they are sent, before defaults and transformations; dates are text in JSON.
 * What no JSON Schema can say (a refinement, say) is left to the schema itself, which parses too.
 */
const OPTIONS: ZodOptions = {
  io: 'input',
  target: 'draft-2020-12',
  unrepresentable: 'any',
  override: ({ zodSchema, jsonSchema }) => {
    // `describe` and `meta` note in the schema's own copy of zod, which need not be the one that asks.
    const { id: _id, ...said } = zodSchema.meta?.() ?? {}
    for (const [name, value] of Object.entries(said)) jsonSchema[name] ??= value
    if (zodSchema._zod.def.type === 'date') Object.assign(jsonSchema, { type: 'string', format: 'date-time' })
  },
}

/** Whether `value` is a schema of a library, rather than plain data. */
export function isSchema(value: unknown): value is Zod4 | Zod3 | Describing {
  return isZod4(value) || isZod3(value) || isDescribing(value)
}

/**
 * The JSON Schema of a library's schema.
 *
 * @param path - An absolute path: the file that has the schema, whose zod is asked.
 */
export function jsonSchemaOf(schema: unknown, path: string): Json {
  if (isZod4(schema)) return tidy(zod4(schema, path))
  if (isZod3(schema)) return tidy(prefixItems(zod3(schema)) as Json)
  if (isDescribing(schema)) {
    const { vendor, jsonSchema } = schema['~standard']
    if (jsonSchema !== undefined) return tidy(jsonSchema.input({ target: 'draft-2020-12' }))
    throw new SetupError(`this release of \`${vendor}\` cannot make one`, {
      hint: `update \`${vendor}\`, or write the JSON Schema in its place`,
    })
  }
  throw new SetupError('it is no schema')
}

function zod4(schema: Zod4, path: string): Json {
  if (typeof schema.toJSONSchema === 'function') return schema.toJSONSchema(OPTIONS)
  // Early releases and `zod/mini` have it as a function only; the project's own copy knows its types.
  const core = createRequire(path)('zod/v4/core') as {
    toJSONSchema(schema: Zod4, options: ZodOptions): Json
  }
  return core.toJSONSchema(schema, OPTIONS)
}

function zod3(schema: Zod3): Json {
  // Its parameter is typed by the zod that it was built with; any zod 3 has the same structure.
  return zodToJsonSchema(schema as unknown as Parameters<typeof zodToJsonSchema>[0], {
    // Later targets of this library write `exclusiveMinimum: true`, which only draft 4 knows.
    target: 'jsonSchema7',
    dateStrategy: 'format:date-time',
    effectStrategy: 'input',
    pipeStrategy: 'input',
    // An object that only leaves out what it does not know accepts it.
    removeAdditionalStrategy: 'strict',
  }) as Json
}

/** In the 2020-12 dialect, which is the contract's and need not be named; without zod's own functions. */
function tidy(schema: Json): Json {
  const { $schema: _dialect, ...rest } = JSON.parse(JSON.stringify(schema)) as Json
  return rest
}

/** Tuples of older drafts: `items: […]` with `additionalItems` became `prefixItems` with `items`. */
function prefixItems(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(prefixItems)
  if (!isObject(value)) return value
  const members = Object.entries(value).map(([name, member]) => [name, prefixItems(member)] as const)
  const { items, additionalItems, ...rest } = Object.fromEntries(members) as Json
  if (rest['type'] === 'array' && Array.isArray(items)) {
    return { ...rest, prefixItems: items, ...(additionalItems === undefined ? {} : { items: additionalItems }) }
  }
  return Object.fromEntries(members)
}

function isZod4(value: unknown): value is Zod4 {
  return isObject(value) && isObject(value['_zod'])
}

function isZod3(value: unknown): value is Zod3 {
  const definition = isObject(value) ? value['_def'] : null
  return isObject(definition) && typeof definition['typeName'] === 'string'
}

function isDescribing(value: unknown): value is Describing {
  const callable = typeof value === 'function' || isObject(value)
  return callable && isObject((value as Json)['~standard'])
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null
}

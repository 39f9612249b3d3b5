/** A loaded step made ready to run: everything about it that does not change between deliveries. */

import { InvalidMessage, type Issue, SetupError } from '../errors.js'
import type { Callable, LoadedStep } from '../loader/index.js'
import type { ManifestStep } from './manifest.js'
import { type Output, readRequest, type Request, toOutput } from './request.js'
import { ANYTHING, type JsonSchema, misfit, Shape } from './shapes.js'
import { NotJson } from './values.js'

/** A step that can be run. */
export class PreparedStep {
  readonly kind: string
  readonly flows: readonly string[]
  /** Names of error classes that are never retried. */
  readonly terminal: readonly string[]
  readonly middleware: readonly Callable[]
  /** What it may emit. */
  readonly topics: ReadonlyMap<string, Shape>
  readonly handler: Callable
  /** By Motia's rules: what does not fit is noted and goes on, what is not declared is left out. */
  readonly lenient: boolean
  readonly #parse: LoadedStep['parse']
  readonly #receives: ReadonlyMap<string, Shape>
  readonly #input: Shape
  readonly #body: Shape
  readonly #output: Shape
  readonly #responses: ReadonlyMap<string, Shape>

  /**
   * Make a step ready.
   *
   * @throws SetupError It has no handler.
   */
  constructor(
    readonly id: string,
    declared: ManifestStep,
    loaded: LoadedStep,
    lenient = false,
  ) {
    if (loaded.handler === null) throw noHandler(id, declared.path)
    this.kind = declared.kind
    this.flows = declared.flows
    this.terminal = declared.terminal
    this.lenient = lenient
    this.middleware = loaded.middleware
    this.handler = loaded.handler
    this.topics = shapesOf(declared.emits)
    // Motia gives handlers the data as it came.
    this.#parse = lenient ? null : loaded.parse
    this.#receives = shapesOf(declared.receives)
    this.#input = shapeOf(declared.input)
    this.#body = shapeOf(declared.body)
    this.#output = declared.kind === 'call' ? shapeOf(declared.output) : ANYTHING
    this.#responses = shapesOf(declared.responses)
  }

  /**
   * What the handler gets for the data of a delivery that is no request.
   *
   * @throws InvalidMessage It names each field that does not fit.
   */
  async load(data: unknown, topic: string | null): Promise<unknown> {
    if (this.kind === 'cron') return data
    const what = `${topic === null ? 'The input' : `The message on \`${topic}\``} for \`${this.id}\``
    const shape = topic === null ? this.#input : (this.#receives.get(topic) ?? this.#input)
    return this.#accept(data, shape, what)
  }

  /** The request that the data of a delivery stands for. Its body is checked later: `checkBody`. */
  request(data: unknown): Request {
    return readRequest(data, this.lenient)
  }

  /**
   * Make the request's body what the handler wants; done last, after the middleware.
   *
   * @throws InvalidMessage It names each field that does not fit.
   */
  async checkBody(request: Request): Promise<void> {
    const what = `The body of the request to \`${this.id}\``
    request.body = await this.#accept(request.body, this.#body, what)
  }

  /** What the step's own schema makes of the data; it takes what its JSON Schema may not (`coerce`). */
  async #accept(data: unknown, shape: Shape, what: string): Promise<unknown> {
    if (this.#parse === null) {
      shape.check(data, what)
      return data
    }
    try {
      return await this.#parse(data)
    } catch (error) {
      throw error instanceof InvalidMessage ? misfit(what, error.issues.map(bracketed)) : error
    }
  }

  /**
   * The output in its wire form.
   *
   * @throws InvalidMessage When JSON cannot carry it, or it does not fit what the step declares.
   */
  dump(returned: unknown): unknown {
    const what = `What \`${this.id}\` returned`
    if (this.kind !== 'api') return this.#output.dump(returned, what)
    try {
      return toOutput(returned)
    } catch (error) {
      if (!(error instanceof NotJson)) throw error
      throw new InvalidMessage(`${what} cannot be sent: ${error.message}`, {
        hint: 'return `{ status, body }` with a body of plain data or bytes',
      })
    }
  }

  /** What is wrong with the response of an api step, by the schema of its status. */
  complaint(output: unknown): string | null {
    if (this.kind !== 'api') return null
    const { status, body, body_encoding: encoding } = output as Output
    const shape = this.#responses.get(String(status))
    if (shape === undefined || encoding !== undefined) return null
    try {
      shape.check(body, `The ${status} response of \`${this.id}\``)
    } catch (error) {
      if (error instanceof InvalidMessage) return error.message
      throw error
    }
    return null
  }
}

/** `lines.1.sku` as `lines[1].sku`. */
function bracketed({ field, message }: Issue): Issue {
  return { field: field.replaceAll(/(?:^|\.)(\d+)(?=\.|$)/g, '[$1]'), message }
}

function shapeOf(schema: JsonSchema | null): Shape {
  return schema === null ? ANYTHING : new Shape(schema)
}

/** The shapes of schemas by their names; null accepts anything. */
export function shapesOf(schemas: ManifestStep['receives']): ReadonlyMap<string, Shape> {
  const entries = Object.entries(schemas)
  return new Map(entries.map(([name, schema]) => [name, shapeOf(schema)]))
}

function noHandler(id: string, path: string): SetupError {
  return new SetupError(`\`${id}\` has no handler: expected a function called \`handler\``, {
    code: 'no_handler',
    hint: `write \`export const handler = async (…) => { … }\` in \`${path}\``,
    file: path,
  })
}

/** The text of `types.d.ts`: what a project's topics, streams, flows and handlers are, for the compiler. */
import type { EmitsLock, FlowLock, ProjectLock, StepLock } from './project.js'
import { indented, intersection, key, literal, SchemaTypes, union } from './schemaTypes.js'

const HEADER = `// Written by \`wistro types\`. Do not edit: it is written anew whenever the steps change.
`

/** The declarations of a project. The same project gives the same text, byte for byte. */
export function renderTypes(project: ProjectLock): string {
  const rendering = new Rendering(project)
  const interfaces = [
    ['Topics', rendering.topics()],
    ['FlowContextStateStreams', rendering.streams()],
    ['Flows', rendering.flows()],
    ['Handlers', rendering.handlers()],
  ] as const
  const body = interfaces
    .filter(([, members]) => members.length > 0)
    .map(([name, members]) => `  interface ${name} {\n${members.join('\n')}\n  }`)
    .join('\n\n')
  const used = IMPORTS.filter((name) => new RegExp(`\\b${name}\\b[<[]`).test(body)).join(', ')
  return [
    HEADER,
    used === '' ? `import 'wistro'\n` : `import type { ${used} } from 'wistro'\n`,
    ...rendering.declarations.map((declaration) => `${declaration}\n`),
    body === '' ? '' : `declare module 'wistro' {\n${body}\n}\n`,
  ]
    .filter((part) => part !== '')
    .join('\n')
}

const IMPORTS = [
  'ApiHandler',
  'ApiResponse',
  'CallHandler',
  'CronHandler',
  'EventHandler',
  'Flows',
  'Handlers',
  'Stream',
  'Topics',
] as const

class Rendering {
  readonly #project: ProjectLock
  readonly #types = new SchemaTypes()
  /** The types of the messages that are known, by their topics. */
  readonly #messages: ReadonlyMap<string, string>

  constructor(project: ProjectLock) {
    this.#project = project
    this.#messages = new Map(
      this.#topicNames()
        .map((topic) => [topic, this.#message(topic)] as const)
        .filter(([, type]) => type !== 'unknown'),
    )
  }

  get declarations(): readonly string[] {
    return this.#types.declarations
  }

  topics(): string[] {
    return [...this.#messages].map(([topic, type]) => line(topic, type))
  }

  streams(): string[] {
    return sorted(Object.keys(this.#project.streams)).map((name) =>
      line(name, `Stream<${this.#types.of(this.#project.streams[name]?.item, `${name} item`)}>`),
    )
  }

  /** The flows that can be called, and the apps that stand for one. */
  flows(): string[] {
    const { flows, apps } = this.#project
    const types = new Map<string, string>()
    for (const [id, { callable }] of Object.entries(flows)) {
      if (callable) types.set(id, this.#flow(id, callable))
    }
    for (const [name, { callable }] of Object.entries(apps)) {
      if (callable && !types.has(name)) types.set(name, `Flows[${literal(callable)}]`)
    }
    return sorted([...types.keys()]).map((name) => line(name, types.get(name) ?? ''))
  }

  /** By the names of the steps, as in Motia, and by their ids. */
  handlers(): string[] {
    const steps = this.#project.steps.filter(
      ({ kind, language }) => kind !== 'noop' && (language ?? 'node') === 'node',
    )
    const handlers = new Map<string, string>()
    for (const step of steps) handlers.set(step.name, this.#handler(step))
    for (const { id, name } of steps) {
      if (!handlers.has(id)) handlers.set(id, `Handlers[${literal(name)}]`)
    }
    return sorted([...handlers.keys()]).map((name) => line(name, handlers.get(name) ?? ''))
  }

  #topicNames(): string[] {
    const emitted = this.#project.steps.flatMap(({ emits = [] }) => emits.map(({ topic }) => topic))
    const received = this.#project.steps.flatMap(({ subscribes = [] }) => subscribes.map(({ topic }) => topic))
    return sorted([...new Set([...Object.keys(this.#project.topics), ...emitted, ...received])])
  }

  /** What everybody who receives a message on `topic` takes; else what those who emit it declare. */
  #message(topic: string): string {
    const receivers = this.#project.steps.filter(
      ({ kind, subscribes = [], join }) =>
        // The input of a step without a handler is what people answer.
        kind !== 'noop' && !join && subscribes.some((one) => one.topic === topic),
    )
    const wanted = receivers.map(({ input, id }) => this.#types.of(input, `${id} input`))
    const declared = this.#types.of(this.#project.topics[topic]?.message, `${topic} message`)
    const type = intersection(wanted)
    return type === 'unknown' ? declared : type
  }

  #flow(id: string, { input, output, responses }: NonNullable<FlowLock['callable']>): string {
    const answer = this.#types.of(output, `${id} output`)
    const given = this.#types.of(input, `${id} input`)
    return `{ input: ${given}; output: ${responses === 'many' ? `Array<${answer}>` : answer} }`
  }

  #handler(step: StepLock): string {
    const emits = union((step.emits ?? []).map((emission) => this.#emission(emission, step)))
    switch (step.kind) {
      case 'api':
        return generic('ApiHandler', [
          this.#types.of(step.api?.body, `${step.id} body`, 'received'),
          this.#responses(step),
          emits,
          pathParams(step.api?.path ?? ''),
        ])
      case 'call':
        return generic('CallHandler', [
          this.#types.of(step.input, `${step.id} input`, 'received'),
          this.#types.of(step.output, `${step.id} output`),
          emits,
        ])
      case 'event':
        return generic('EventHandler', [this.#input(step), emits])
      default:
        return generic('CronHandler', [emits])
    }
  }

  #emission({ topic, message }: EmitsLock, step: StepLock): string {
    const own = this.#types.of(message, `${step.id} ${topic}`)
    return `{ topic: ${literal(topic)}; data: ${own === 'unknown' ? this.#known(topic) : own} }`
  }

  #input(step: StepLock): string {
    const declared = this.#types.of(step.input, `${step.id} input`, 'received')
    if (declared !== 'unknown') return declared
    const topics = (step.subscribes ?? []).map(({ topic }) => topic)
    if (!step.join) return union(topics.map((topic) => this.#known(topic)))
    const quorum = step.join.quorum !== undefined && step.join.quorum !== null
    const members = topics.map((topic) =>
      quorum ? `${key(topic)}?: Array<${this.#known(topic)}>` : `${key(topic)}: ${this.#known(topic)}`,
    )
    return `{ ${members.join('; ')} }`
  }

  #known(topic: string): string {
    return this.#messages.has(topic) ? `Topics[${literal(topic)}]` : 'unknown'
  }

  #responses(step: StepLock): string {
    const responses = Object.entries(step.api?.responses ?? {})
    if (responses.length === 0) return 'ApiResponse<number>'
    return union(
      responses.map(([status, schema]) =>
        generic('ApiResponse', [status, this.#types.of(schema, `${step.id} ${status}`)]),
      ),
    )
  }
}

function generic(name: string, given: readonly string[]): string {
  return `${name}<${given.join(', ')}>`
}

function pathParams(path: string): string {
  const names = [...path.matchAll(/\{([^}]+)\}|:(\w+)/g)].map(([, braced, plain]) => braced ?? plain ?? '')
  if (names.length === 0) return 'Record<string, string>'
  return `{ ${names.map((name) => `${key(name)}: string`).join('; ')} }`
}

function line(name: string, type: string): string {
  return `    ${key(name)}: ${indented(indented(type))}`
}

function sorted(names: readonly string[]): string[] {
  return [...names].sort()
}

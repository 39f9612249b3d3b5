/**
 * Keys: masters, and the flow keys derived from them.
 *
 * A flow key is HKDF-SHA256 (RFC 5869) of a 32-byte master, bound to one tenant and one flow, so that
 * whoever holds the key of one flow learns nothing about another. `SPEC.md` sections 2 and 3.
 */

import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'

import { CodecError } from './errors.js'

export const DEFAULT_TENANT = 'default'
/** The reserved flow of payloads that belong to no run. */
export const PROJECT_FLOW = '_project'
export const KEY_SIZE = 32
export const MASTER_ID = /^[a-z0-9][a-z0-9_-]{0,31}$/

// eslint-disable-next-line no-control-regex -- the specification names them
const NOT_IN_NAMES = /[/\u0000-\u001f\u007f]|\p{Surrogate}/u
const MAX_NAME_BYTES = 255
// Key ids arrive from outside, so the caches of derived keys must not grow with what strangers send.
const MAX_CACHED_KEYS = 4096

/** Names a flow key: `<master>/<tenant>/<flow>`. */
export interface KeyId {
  readonly master: string
  readonly tenant: string
  readonly flow: string
}

/**
 * Read a key id.
 *
 * @throws CodecError `key_id_invalid`.
 */
export function parseKeyId(text: string): KeyId {
  const [master = '', tenant = '', flow = '', ...more] = text.split('/')
  if (more.length > 0 || !MASTER_ID.test(master) || !isName(tenant) || !isName(flow)) {
    throw invalidKeyId(text)
  }
  return { master, tenant, flow }
}

/** A secret from which the keys of all flows are derived. */
export interface Master {
  readonly id: string
  readonly secret: Uint8Array
}

/** The key of one flow under one master. */
export class FlowKey {
  /** The id as the bytes that are stored and authenticated. */
  readonly label: Uint8Array
  /** For AES-256-GCM of payloads. */
  readonly cipherKey: KeyObject

  constructor(
    readonly id: string,
    readonly flow: string,
    readonly tenant: string,
    readonly secret: Uint8Array,
  ) {
    this.label = Buffer.from(id)
    this.cipherKey = createSecretKey(this.subkey('wistro/payload/v1'))
  }

  /** Derive the 32 bytes for one purpose, so that no two uses share a key. */
  subkey(purpose: string): Buffer {
    return hkdf(this.secret, purpose)
  }
}

/** Where the codec finds keys: a ring, the exported keys of some flows, or a file of them. */
export interface Keys {
  /**
   * The key that new payloads of a flow are encrypted with.
   *
   * @throws CodecError `key_unknown` when this holder has no key of the flow.
   */
  active(flow: string, tenant?: string): FlowKey
  /**
   * The key named by a payload or token.
   *
   * @throws CodecError `key_unknown`, or `key_id_invalid` when the text is no key id.
   */
  get(keyId: string): FlowKey
  /** The key of a flow under the oldest master. */
  oldest(flow: string, tenant?: string): FlowKey
}

/** The masters of a project, one of them active; derives the key of any flow when first asked. */
export class KeyRing implements Keys {
  readonly #masters: ReadonlyMap<string, Master>
  readonly #active: string
  readonly #derived = new Map<string, FlowKey>()

  /** Take the masters, the oldest first, and the id of the active one. */
  constructor(masters: readonly Master[], active: string) {
    this.#masters = new Map(masters.map((master) => [master.id, master]))
    this.#active = active
    if (!this.#masters.has(active)) {
      throw new CodecError(
        'key_file_invalid',
        `The active master \`${active}\` is not among the masters ${quoted(this.#masters.keys())}.`,
        'name one of them in `active`',
      )
    }
  }

  active(flow: string, tenant = DEFAULT_TENANT): FlowKey {
    return this.get(`${this.#active}/${tenant}/${flow}`)
  }

  get(keyId: string): FlowKey {
    const known = this.#derived.get(keyId)
    if (known) return known
    const { master: id, tenant, flow } = parseKeyId(keyId)
    const master = this.#masters.get(id)
    if (!master) throw unknownKey(keyId, `the masters ${quoted(this.#masters.keys())}`)
    const secret = hkdf(master.secret, `wistro/flow-key/v1/${tenant}/${flow}`)
    const key = new FlowKey(keyId, flow, tenant, secret)
    if (this.#derived.size >= MAX_CACHED_KEYS) this.#derived.clear()
    this.#derived.set(keyId, key)
    return key
  }

  oldest(flow: string, tenant = DEFAULT_TENANT): FlowKey {
    const [first] = this.#masters.keys()
    return this.get(`${first}/${tenant}/${flow}`)
  }
}

/** The keys of some flows and nothing from which another flow's key could be derived. */
export class FlowKeys implements Keys {
  readonly #keys: ReadonlyMap<string, FlowKey>
  readonly #active: string

  /** Take the keys, those of older masters first, and the id of the active master. */
  constructor(keys: readonly FlowKey[], active: string) {
    this.#keys = new Map(keys.map((key) => [key.id, key]))
    this.#active = active
  }

  active(flow: string, tenant = DEFAULT_TENANT): FlowKey {
    return this.get(`${this.#active}/${tenant}/${flow}`)
  }

  get(keyId: string): FlowKey {
    const key = this.#keys.get(keyId)
    if (key) return key
    parseKeyId(keyId)
    const flows = new Set([...this.#keys.values()].map((held) => held.flow))
    throw unknownKey(keyId, `the exported keys of the flows ${quoted(flows)}`)
  }

  oldest(flow: string, tenant = DEFAULT_TENANT): FlowKey {
    for (const key of this.#keys.values()) {
      if (key.flow === flow && key.tenant === tenant) return key
    }
    return this.active(flow, tenant) // throws, naming what is held
  }
}

/**
 * The flow whose key protects the payloads of a workflow: the text before the first `/`.
 *
 * A workflow that is no run (no `/`, or nothing before it) falls to the reserved project flow.
 */
export function flowOfWorkflow(workflowId: string | undefined): string {
  const end = workflowId?.indexOf('/') ?? -1
  return workflowId !== undefined && end > 0 ? workflowId.slice(0, end) : PROJECT_FLOW
}

function hkdf(secret: Uint8Array, info: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', info, KEY_SIZE))
}

function isName(text: string): boolean {
  return text !== '' && Buffer.byteLength(text) <= MAX_NAME_BYTES && !NOT_IN_NAMES.test(text)
}

function quoted(names: Iterable<string>): string {
  return [...names].sort().map((name) => `\`${name}\``).join(', ') || '(none)'
}

/** The error for a text that is no key id. */
export function invalidKeyId(text: string): CodecError {
  return new CodecError(
    'key_id_invalid',
    `${JSON.stringify(text.slice(0, 200))} is not a key id, which is \`<master>/<tenant>/<flow>\` with` +
      ` names of 1 to ${MAX_NAME_BYTES} bytes and no control characters.`,
    "the payload was not written by Wistro, or the flow's name cannot be used",
  )
}

function unknownKey(keyId: string, held: string): CodecError {
  return new CodecError(
    'key_unknown',
    `The key \`${keyId}\` is not here; this process holds ${held}.`,
    'after `wistro keys rotate`, give every process the new key file or export;' +
      ' a worker with exported keys reads only its own flows',
    true,
  )
}

import { Buffer } from 'node:buffer'
import { readFileSync } from 'node:fs'

import { describe, expect, test } from 'vitest'

import { assemble, seal, unseal } from '../../src/codec/envelope.js'
import {
  CodecError,
  flowOfWorkflow,
  keyedDigest,
  mintRunToken,
  parseKeys,
  verifyRunToken,
  WistroCodec,
} from '../../src/codec/index.js'
import { parseKeyId } from '../../src/codec/keys.js'

interface StoredPayload {
  readonly metadata: Record<string, string>
  readonly data?: string
}

interface Vectors {
  keys: {
    ring: unknown
    export: unknown
    derivations: Record<
      'master' | 'tenant' | 'flow' | 'key_id' | 'flow_key' | 'payload_key' | 'token_key',
      string
    >[]
    key_ids: { valid: string[]; invalid: string[] }
    workflow_ids: { id: string; flow: string }[]
    digests: Record<'purpose' | 'flow' | 'text' | 'digest', string>[]
    invalid_files: { name: string; file: unknown }[]
  }
  envelopes: {
    cases: {
      name: string
      key_id: string
      envelope: string
      nonce?: string
      plaintext?: string
      limit?: number
      error?: string
    }[]
  }
  payloads: {
    cases: { name: string; payload: StoredPayload; opened?: StoredPayload; error?: string }[]
  }
  tokens: {
    cases: {
      name: string
      token: string
      now: number
      error?: string
      says?: { flow: string; run_id: string; tenant: string; expires_at: number }
    }[]
  }
}

function load<Name extends keyof Vectors>(name: Name): Vectors[Name] {
  const file = new URL(`../../../../codec/vectors/${name}.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')) as Vectors[Name]
}

const bytes = (text = ''): Buffer => Buffer.from(text, 'base64')
const base64 = (data: Uint8Array | null | undefined): string =>
  Buffer.from(data ?? []).toString('base64')

function codeOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof CodecError) return error.code
    throw error
  }
  return 'accepted'
}

const KEYS = load('keys')
const RING = parseKeys(JSON.stringify(KEYS.ring), 'keys.json')
const EXPORT = parseKeys(JSON.stringify(KEYS.export), 'keys.json')

describe('keys', () => {
  test.each(KEYS.invalid_files)('refuses a key file: $name', ({ file }) => {
    expect(codeOf(() => parseKeys(JSON.stringify(file), 'the vector'))).toBe('key_file_invalid')
  })

  test.each(KEYS.derivations)('derives $key_id', (row) => {
    const key = RING.get(row.key_id)
    expect(key).toMatchObject({ id: row.key_id, tenant: row.tenant, flow: row.flow })
    expect(base64(key.secret)).toBe(row.flow_key)
    expect(base64(key.subkey('wistro/payload/v1'))).toBe(row.payload_key)
    expect(base64(key.subkey('wistro/run-token/v1'))).toBe(row.token_key)
  })

  test('an export holds the keys of its flows and no others', () => {
    expect(EXPORT.active('orders').id).toBe('k2/default/orders')
    expect(EXPORT.active('orders').secret).toEqual(RING.active('orders').secret)
    expect(codeOf(() => EXPORT.active('billing'))).toBe('key_unknown')
    expect(codeOf(() => EXPORT.get('k9/default/orders'))).toBe('key_unknown')
  })

  test.each(KEYS.key_ids.valid)('accepts the key id %j', (text) => {
    expect(Object.values(parseKeyId(text)).join('/')).toBe(text)
  })

  test.each(KEYS.key_ids.invalid)('refuses the key id %j', (text) => {
    expect(codeOf(() => parseKeyId(text))).toBe('key_id_invalid')
    expect(codeOf(() => RING.get(text))).toBe('key_id_invalid')
  })

  test.each(KEYS.workflow_ids)('the flow of the workflow $id', ({ id, flow }) => {
    expect(flowOfWorkflow(id)).toBe(flow)
  })

  test.each(KEYS.digests)('digest of $text for $purpose in $flow', (row) => {
    expect(keyedDigest(RING, row.purpose, row.text, row.flow)).toBe(row.digest)
  })
})

describe('envelopes', () => {
  test.each(load('envelopes').cases)('$name', (row) => {
    const envelope = bytes(row.envelope)
    const open = (): Uint8Array => unseal(RING.get(row.key_id), envelope, row.limit)
    if (row.error) {
      expect(codeOf(open)).toBe(row.error)
      return
    }
    expect(base64(open())).toBe(row.plaintext)
    if (envelope[1] === 0) {
      const made = assemble(RING.get(row.key_id), 0, bytes(row.nonce), bytes(row.plaintext))
      expect(base64(made)).toBe(row.envelope)
    }
  })

  test.each([0, 100, 5000, 300_000])('what is sealed can be opened: %d bytes', async (size) => {
    const key = RING.active('orders')
    const plaintext = Buffer.alloc(size, 'wistro ')
    const sealed = await seal(key, plaintext)
    expect(sealed[1]).toBe(size >= 4096 ? 1 : 0)
    expect(Buffer.from(unseal(key, sealed)).equals(plaintext)).toBe(true)
    expect((await seal(key, plaintext, Infinity))[1]).toBe(0)
  })

  test('every envelope has a nonce of its own', async () => {
    const key = RING.active('orders')
    const made = await Promise.all([1, 2, 3].map(() => seal(key, Buffer.from('same'))))
    expect(new Set(made.map(base64)).size).toBe(3)
  })
})

describe('payloads', () => {
  const payload = ({ metadata, data }: StoredPayload) => ({
    metadata: Object.fromEntries(
      Object.entries(metadata).map(([name, value]) => [name, bytes(value)]),
    ),
    data: bytes(data),
  })

  test.each(load('payloads').cases)('$name', async (row) => {
    const decoding = new WistroCodec(RING).decode([payload(row.payload)])
    if (row.error) {
      await expect(decoding).rejects.toMatchObject({ name: 'CodecError', code: row.error })
      return
    }
    const [opened] = await decoding
    const metadata = Object.fromEntries(
      Object.entries(opened?.metadata ?? {}).map(([name, value]) => [name, base64(value)]),
    )
    expect({ metadata, data: base64(opened?.data) }).toEqual({ data: '', ...row.opened })
  })

  test('payloads get the key of the flow in the context, once', async () => {
    const codec = new WistroCodec(RING)
    const plain = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{}') }
    const context = { type: 'workflow', namespace: 'default', workflowId: 'orders/0af7' } as const
    const [sealed] = await codec.encode([plain], context)
    expect(Buffer.from(sealed?.metadata?.['encryption-key-id'] ?? []).toString()).toBe(
      'k2/default/orders',
    )
    expect(await codec.encode(sealed ? [sealed] : [], context)).toEqual([sealed])
    const [opened] = await codec.decode(sealed ? [sealed] : [])
    expect(Buffer.from(opened?.data ?? []).toString()).toBe('{}')
    const [project] = await codec.encode([plain])
    expect(Buffer.from(project?.metadata?.['encryption-key-id'] ?? []).toString()).toBe(
      'k2/default/_project',
    )
  })

  test('nothing is sent in clear for a flow without a key', async () => {
    const context = { type: 'workflow', namespace: 'default', workflowId: 'billing/1' } as const
    await expect(new WistroCodec(EXPORT).encode([{}], context)).rejects.toMatchObject({
      code: 'key_unknown',
      retryable: true,
    })
  })
})

describe('run tokens', () => {
  test.each(load('tokens').cases)('$name', ({ token, now, error, says }) => {
    if (!says) {
      expect(codeOf(() => verifyRunToken(RING, token, now))).toBe(error)
      return
    }
    const read = verifyRunToken(RING, token, now)
    expect(read).toEqual({
      flow: says.flow,
      runId: says.run_id,
      tenant: says.tenant,
      expiresAt: says.expires_at,
    })
    const minted = mintRunToken(RING, read)
    if (minted !== token) expect(token).toBe(load('tokens').cases[1]?.token) // the older master's
  })
})

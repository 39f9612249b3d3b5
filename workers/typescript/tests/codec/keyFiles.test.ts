import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { KeyFile, loadKeys } from '../../src/codec/index.js'

const vectors = JSON.parse(
  readFileSync(new URL('../../../../codec/vectors/keys.json', import.meta.url), 'utf8'),
) as { ring: { active: string; masters: { id: string }[] } }
const [first] = vectors.ring.masters
const before = JSON.stringify({ ...vectors.ring, active: 'k1', masters: [first] })
const after = JSON.stringify(vectors.ring)

let folder: string
let file: string

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'wistro-keys-'))
  file = path.join(folder, 'keys.json')
  writeFileSync(file, before, { mode: 0o600 })
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

test('the variables come before the default place', () => {
  const other = path.join(folder, 'other.json')
  writeFileSync(other, after, { mode: 0o600 })
  expect(loadKeys(file, {}).active('orders').id).toBe('k1/default/orders')
  expect(loadKeys(file, { WISTRO_KEYS_FILE: other }).active('orders').id).toBe('k2/default/orders')
  const both = { WISTRO_KEYS: after, WISTRO_KEYS_FILE: file }
  expect(loadKeys(file, both).active('orders').id).toBe('k2/default/orders')
})

test('a file that others may read is refused', () => {
  chmodSync(file, 0o640)
  expect(() => new KeyFile(file)).toThrow(
    expect.objectContaining({ code: 'key_file_permissions' }) as Error,
  )
})

test('a file that is not there is not made', () => {
  expect(() => loadKeys(path.join(folder, 'none.json'), {})).toThrow(
    expect.objectContaining({ code: 'key_file_missing', retryable: true }) as Error,
  )
})

test('a rotation is noticed with the first key that is not known', () => {
  const keys = new KeyFile(file)
  expect(() => keys.get('k2/default/orders')).toThrow(
    expect.objectContaining({ code: 'key_unknown' }) as Error,
  )
  writeFileSync(file, after)
  expect(keys.get('k2/default/orders').id).toBe('k2/default/orders')
  expect(keys.active('orders').id).toBe('k2/default/orders')
})

test('a rotation is noticed within a second', async () => {
  const keys = new KeyFile(file)
  writeFileSync(file, after)
  expect(keys.active('orders').id).toBe('k1/default/orders')
  await expect.poll(() => keys.active('orders').id, { timeout: 3000 }).toBe('k2/default/orders')
})

test('a bad edit leaves the keys in hand', () => {
  const complaints: string[] = []
  const keys = new KeyFile(file, (message) => complaints.push(message))
  writeFileSync(file, '{')
  expect(() => keys.get('k2/default/orders')).toThrow()
  expect(keys.get('k1/default/orders').id).toBe('k1/default/orders')
  expect(complaints).toHaveLength(1)
})

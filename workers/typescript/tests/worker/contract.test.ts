import { readdirSync, readFileSync } from 'node:fs'

import { describe, expect, test } from 'vitest'

import { WistroError } from '../../src/errors.js'
import { readInvocation } from '../../src/worker/contract.js'
import { readManifest } from '../../src/worker/manifest.js'

interface Golden {
  readonly name: string
  readonly of: string
  readonly message: unknown
  readonly means?: unknown
  readonly code?: string
  readonly field?: string
}

/** What this worker reads. What it writes is tested by the cases. */
const READERS: Readonly<Record<string, (message: unknown) => unknown>> = {
  Invocation: readInvocation,
  Manifest: readManifest,
}

function golden(kind: 'valid' | 'invalid'): Golden[] {
  const folder = new URL(`../../../contract/messages/${kind}/`, import.meta.url)
  return readdirSync(folder)
    .map((name): Golden => {
      const text = readFileSync(new URL(name, folder), 'utf8')
      return { ...(JSON.parse(text) as Golden), name }
    })
    .filter(({ of }) => of in READERS)
}

const read = ({ of, message }: Golden): unknown => READERS[of]?.(message)

describe('valid messages', () => {
  test.each(golden('valid'))('$name', (file) => {
    const written: unknown = JSON.parse(JSON.stringify(read(file)))
    expect(written).toEqual(file.means ?? file.message)
  })
})

describe('invalid messages', () => {
  test.each(golden('invalid'))('$name', (file) => {
    let refusal: unknown
    try {
      read(file)
    } catch (error) {
      refusal = error
    }
    if (!(refusal instanceof WistroError)) throw new Error('it was accepted')
    expect(refusal.code).toBe(file.code)
    if (file.code === 'contract_version') return
    const { issues } = refusal.details as { issues: { field: string }[] }
    expect(issues.map(({ field }) => field)).toContain(file.field)
  })
})

test('a refusal for its version names both', () => {
  expect(() => readInvocation({ version: 2 })).toThrow(/version 2 .*version 1/)
  expect(() => readManifest({ version: 2 })).toThrow(/version 2 .*version 1/)
  expect(() => readManifest({})).toThrow(/no version .*version 1/)
})

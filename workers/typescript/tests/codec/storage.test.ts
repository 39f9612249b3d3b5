import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { StorageDriverClaim } from '@temporalio/common'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { LocalStorageDriver } from '../../src/codec/index.js'

const payload = {
  metadata: { encoding: Buffer.from('json/plain') },
  data: Buffer.from('"large"'),
}

let folder: string
let driver: LocalStorageDriver

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'wistro-blobs-'))
  driver = new LocalStorageDriver(folder)
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

async function stored(): Promise<{ claim: StorageDriverClaim; file: string }> {
  const [claim] = await driver.store({}, [payload])
  const digest = claim?.claimData['sha256'] ?? ''
  return {
    claim: new StorageDriverClaim({ sha256: digest }),
    file: path.join(folder, digest.slice(0, 2), digest.slice(2)),
  }
}

test('a payload is kept under its hash, once, for its owner only', async () => {
  const { claim, file } = await stored()
  await driver.store({}, [payload])
  const [found] = await driver.retrieve({}, [claim])
  expect(Buffer.from(found?.data ?? []).toString()).toBe('"large"')
  expect(readdirSync(path.dirname(file))).toEqual([path.basename(file)])
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('a file that was changed is refused', async () => {
  const { claim, file } = await stored()
  writeFileSync(file, Buffer.concat([readFileSync(file), Buffer.from([0])]))
  await expect(driver.retrieve({}, [claim])).rejects.toMatchObject({ code: 'storage_corrupt' })
})

test('a file that is gone may come back', async () => {
  const { claim, file } = await stored()
  rmSync(file)
  await expect(driver.retrieve({}, [claim])).rejects.toMatchObject({
    code: 'storage_missing',
    retryable: true,
  })
})

test.each<Record<string, string>>([{}, { sha256: '../../etc/passwd' }, { sha256: 'A'.repeat(64) }])(
  'the claim %j names no file',
  async (claim) => {
    await expect(driver.retrieve({}, [new StorageDriverClaim(claim)])).rejects.toMatchObject({
      code: 'storage_reference_invalid',
    })
  },
)

import { execFile } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { transpileModule, ModuleKind, ScriptTarget } from 'typescript'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CodeKind, codeFor } from './code'
import { type Draft, draftOf, type Trigger } from './model'
import { trigger } from './trigger.fixture'

const run = promisify(execFile)
const python = process.env.PYTHON ?? 'python3'
const folder = mkdtempSync(join(tmpdir(), 'wistro-code-'))
const secret = "It's a \"Secret\" to $Everybody"

interface Received {
  method: string
  url: string
  headers: Record<string, string>
  body: string
}
let received: Received | null = null
let server: Server
let origin = ''

beforeAll(async () => {
  server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      received = {
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers as Record<string, string>,
        body: Buffer.concat(parts).toString(),
      }
      response.end('heard')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.close()
  rmSync(folder, { recursive: true })
})

/** Runs the code as a person would who copied it, and says what the server received. */
async function sent(kind: CodeKind, draft: Draft, of: Trigger): Promise<Received> {
  received = null
  const code = codeFor(kind, draft, of, origin)
  const env = { ...process.env, HOOK_SECRET: secret, WISTRO_TOKEN: 'token', NO_PROXY: '*', no_proxy: '*' }
  if (kind === 'curl') await run('bash', ['-c', code], { env })
  else if (kind === 'python') await run(python, ['-c', code], { env })
  else {
    const file = join(folder, 'code.mjs')
    writeFileSync(file, transpileModule(code, { compilerOptions: { module: ModuleKind.ESNext, target: ScriptTarget.ESNext } }).outputText)
    await run(process.execPath, [file], { env })
  }
  if (!received) throw new Error('nothing was received')
  return received
}

const hasHttpx = await run(python, ['-c', 'import httpx']).then(() => true, () => false)
const kinds: CodeKind[] = hasHttpx ? ['curl', 'python', 'typescript'] : ['curl', 'typescript']
const nasty = { quotes: `it's "quoted" \`here\` $HOME \${x}`, lines: 'a\nb\\n', triple: '"""', unicode: 'grüezi 👋 \u2028', end: '"' }

describe.each(kinds)('%s', (kind) => {
  const draft = { ...draftOf(trigger), pathParams: { shop: 'zürich', rest: 'a b' }, query: [{ name: 'q', value: "it's & so" }] }

  test('sends the request', async () => {
    const found = await sent(kind, { ...draft, body: nasty, headers: [{ name: 'X-Note', value: 'it\'s "so" $HOME' }], key: 'k-1' }, trigger)
    expect(found.method).toBe('POST')
    expect(found.url).toBe('/shops/z%C3%BCrich/orders/a%20b?q=it%27s+%26+so')
    expect(JSON.parse(found.body)).toEqual(nasty)
    expect(found.headers).toMatchObject({ 'content-type': 'application/json', 'x-note': 'it\'s "so" $HOME', 'idempotency-key': 'k-1' })
  })

  test.each(Object.values(nasty))('sends a text as it is: %j', async (text) => {
    const found = await sent(kind, { ...draft, mode: 'text', text: `${text}\n${text}` }, trigger)
    expect(found.body).toBe(`${text}\n${text}`)
  })

  test('asks without a body', async () => {
    const found = await sent(kind, draft, { ...trigger, method: 'GET' })
    expect([found.method, found.body]).toEqual(['GET', ''])
  })

  test('shows the token where one is needed', async () => {
    const call: Trigger = { ...trigger, kind: 'call', path: '/call/quotes', path_params: [], access: 'rules' }
    const found = await sent(kind, draftOf(call), call)
    expect(found.headers.authorization).toBe('Bearer token')
    expect(JSON.parse(found.body)).toEqual({ input: { customer: 'Ada' } })
  })

  test('starts a run at a cron step', async () => {
    const cron: Trigger = { ...trigger, kind: 'cron', step: 'nightly', method: null, path: null, path_params: [] }
    const found = await sent(kind, { ...draftOf(cron), after: '10m' }, cron)
    expect(found.url).toBe('/_wistro/api/runs')
    expect(JSON.parse(found.body)).toEqual({ flow: 'orders', step: 'nightly', after: '10m' })
  })

  test.each([
    { algorithm: 'sha256', encoding: 'hex', prefix: 'sha256=', timestamp: null },
    { algorithm: 'sha512', encoding: 'base64', prefix: 'v1,', timestamp: null },
    { algorithm: 'sha1', encoding: 'hex', prefix: '', timestamp: 'X-Time' },
  ])('signs a webhook: %j', async ({ algorithm, encoding, prefix, timestamp }) => {
    const hook: Trigger = {
      ...trigger,
      access: 'signature',
      signature: { scheme: 'hmac', header: 'X-Mac', secret: 'HOOK_SECRET', algorithm, encoding, prefix, timestamp_header: timestamp, id_header: null },
    }
    const found = await sent(kind, { ...draft, sign: true, body: nasty }, hook)
    const signed = timestamp ? `${found.headers['x-time']}.${found.body}` : found.body
    const expected = createHmac(algorithm, secret).update(signed).digest(encoding as 'hex')
    expect(found.headers['x-mac']).toBe(prefix + expected)
  })
})

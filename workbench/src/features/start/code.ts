/** The request of a draft as code that runs as it stands. */

import { type Draft, bodyOf, headersOf, type Pair, type Signature, targetOf, type Trigger } from './model'

export type CodeKind = 'curl' | 'python' | 'typescript'

interface Sending {
  method: string
  url: string
  headers: Pair[]
  /** The body's bytes, as text. */
  body: string | null
  /** The environment variable with the credentials, when some are needed. */
  token: string | null
  signature: Signature | null
}

/** The code that sends what the tester would; secrets come from the environment. */
export function codeFor(kind: CodeKind, draft: Draft, trigger: Trigger, origin: string): string {
  const sending = sendingOf(draft, trigger, origin)
  return { curl, python, typescript }[kind](sending)
}

function sendingOf(draft: Draft, trigger: Trigger, origin: string): Sending {
  if (trigger.kind === 'cron') return startOf(draft, trigger, origin)
  const body = bodyOf(draft, trigger)
  const headers = headersOf(draft, trigger)
  const shown = headers.some(({ name }) => ['authorization', 'x-api-key'].includes(name.toLowerCase()))
  const signature = draft.sign ? trigger.signature : null
  return {
    method: trigger.method ?? 'POST',
    url: origin + targetOf(draft, trigger),
    headers,
    body: body === null ? null : 'text' in body ? body.text : JSON.stringify(body.body, null, 2),
    token: trigger.kind !== 'api' && trigger.access !== 'open' && !shown ? 'WISTRO_TOKEN' : null,
    signature,
  }
}

/** A tick now: operators start runs over the management API. */
function startOf(draft: Draft, trigger: Trigger, origin: string): Sending {
  const start = {
    flow: trigger.flow,
    step: trigger.step,
    ...(draft.after ? { after: draft.after } : {}),
    ...(draft.at ? { at: draft.at } : {}),
    ...(draft.key ? { idempotency_key: draft.key } : {}),
  }
  return {
    method: 'POST',
    url: `${origin}/_wistro/api/runs`,
    headers: [{ name: 'Content-Type', value: 'application/json' }],
    body: JSON.stringify(start, null, 2),
    token: 'WISTRO_TOKEN',
    signature: null,
  }
}

function curl({ method, url, headers, body, token, signature }: Sending): string {
  const before: string[] = []
  const lines = [`curl${method === 'HEAD' ? ' --head' : method === 'GET' ? '' : ` -X ${method}`} ${shell(url)}`]
  for (const { name, value } of headers) lines.push(`-H ${shell(`${name}: ${value}`)}`)
  if (token) lines.push(`-H "Authorization: Bearer $${token}"`)
  if (signature) {
    before.push(`BODY=${shell(body ?? '')}`)
    const signed = signature.timestamp_header ? '"$TIMESTAMP.$BODY"' : '"$BODY"'
    if (signature.timestamp_header) before.push('TIMESTAMP=$(date +%s)')
    const digest = `openssl dgst -${signature.algorithm} -hmac "$${signature.secret}" -binary`
    const encoded = signature.encoding === 'hex' ? "od -An -v -tx1 | tr -d ' \\n'" : "base64 | tr -d '\\n'"
    before.push(`SIGNATURE=$(printf '%s' ${signed} | ${digest} | ${encoded})`)
    if (signature.timestamp_header) lines.push(`-H "${signature.timestamp_header}: $TIMESTAMP"`)
    lines.push(`-H "${signature.header}: ${signature.prefix}$SIGNATURE"`)
    lines.push('--data-binary "$BODY"')
  } else if (body !== null) {
    lines.push(`--data-binary ${shell(body)}`)
  }
  return [...before, lines.join(' \\\n  ')].join('\n')
}

/** A text as the shell takes it: nothing in it means anything. */
function shell(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

function python({ method, url, headers, body, token, signature }: Sending): string {
  const imports = new Set<string>()
  const lines: string[] = []
  if (body !== null) lines.push(`body = ${pythonText(body)}.encode()`)
  else if (signature) lines.push('body = b""')
  lines.push('headers = {')
  for (const { name, value } of headers) lines.push(`    ${pythonText(name)}: ${pythonText(value)},`)
  if (token) {
    imports.add('import os')
    lines.push(`    "Authorization": f"Bearer {os.environ['${token}']}",`)
  }
  lines.push('}')
  if (signature) {
    imports.add('import hmac').add('import os')
    let signed = 'body'
    if (signature.timestamp_header) {
      imports.add('import time')
      lines.push(`headers[${pythonText(signature.timestamp_header)}] = str(int(time.time()))`)
      signed = `headers[${pythonText(signature.timestamp_header)}].encode() + b"." + body`
    }
    lines.push(`secret = os.environ[${pythonText(signature.secret)}].encode()`)
    lines.push(`digest = hmac.digest(secret, ${signed}, ${pythonText(signature.algorithm)})`)
    if (signature.encoding === 'base64') imports.add('import base64')
    const text = signature.encoding === 'hex' ? 'digest.hex()' : 'base64.b64encode(digest).decode()'
    lines.push(`headers[${pythonText(signature.header)}] = ${signature.prefix ? `${pythonText(signature.prefix)} + ` : ''}${text}`)
  }
  const sent = body !== null || signature ? ', content=body' : ''
  lines.push(`answer = httpx.request(${pythonText(method)}, ${pythonText(url)}, headers=headers${sent}, timeout=60)`)
  lines.push('print(answer.status_code, answer.text)')
  const standard = [...imports].sort()
  return [...standard, ...(standard.length ? [''] : []), 'import httpx', '', ...lines].join('\n')
}

/** A text as Python writes it; one of several lines stays readable. */
function pythonText(text: string): string {
  const plain = /^[^\\\r\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]*$/.test(text)
  const quotes = '"""'
  if (plain && text.includes('\n') && !text.includes(quotes) && !text.endsWith('"')) return `${quotes}${text}${quotes}`
  return JSON.stringify(text).replaceAll('\u007f', '\\u007f')
}

function typescript({ method, url, headers, body, token, signature }: Sending): string {
  const lines: string[] = []
  if (signature) lines.push("import { createHmac } from 'node:crypto'", '')
  if (body !== null || signature) lines.push(`const body = ${scriptText(body ?? '')}`)
  lines.push('const headers: Record<string, string> = {')
  for (const { name, value } of headers) lines.push(`  ${JSON.stringify(name)}: ${JSON.stringify(value)},`)
  if (token) lines.push(`  "Authorization": \`Bearer \${process.env.${token}}\`,`)
  lines.push('}')
  if (signature) {
    const { header, timestamp_header: timestamp, prefix, secret, algorithm, encoding } = signature
    if (timestamp) lines.push(`headers[${JSON.stringify(timestamp)}] = String(Math.floor(Date.now() / 1000))`)
    const signed = timestamp ? `\`\${headers[${JSON.stringify(timestamp)}]}.\${body}\`` : 'body'
    lines.push(
      `headers[${JSON.stringify(header)}] =`,
      `  ${prefix ? `${JSON.stringify(prefix)} + ` : ''}createHmac('${algorithm}', process.env.${secret} ?? '').update(${signed}).digest('${encoding}')`,
    )
  }
  const sent = body !== null ? ', body' : ''
  lines.push(`const answer = await fetch(${JSON.stringify(url)}, { method: ${JSON.stringify(method)}, headers${sent} })`)
  lines.push('console.log(answer.status, await answer.text())')
  return lines.join('\n')
}

function scriptText(text: string): string {
  return text.includes('\n') ? `\`${text.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${')}\`` : JSON.stringify(text)
}

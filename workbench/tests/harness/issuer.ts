import { createHash, createSign, generateKeyPairSync, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'

/** A small OpenID Connect issuer: one page to sign in at, the code flow with PKCE, tokens signed with RS256. */
export interface Issuer {
  url: string
  /** What the workbench proves itself with. */
  secret: string
  close: () => Promise<void>
}

type Answer = [status: number, body: unknown, headers?: Record<string, string>]

const CLIENT = 'workbench'

export async function runIssuer(): Promise<Issuer> {
  const secret = randomBytes(16).toString('hex')
  const keys = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const codes = new Map<string, { asked: URLSearchParams; email: string }>()
  let url = ''

  const token = (claims: Record<string, unknown>) => {
    const now = Math.floor(Date.now() / 1000)
    const head = { alg: 'RS256', typ: 'JWT', kid: 'one' }
    const body = { iss: url, iat: now, exp: now + 600, ...claims }
    const signed = [head, body].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
    return `${signed}.${createSign('RSA-SHA256').update(signed).sign(keys.privateKey, 'base64url')}`
  }

  const redeem = (form: URLSearchParams, authorization: string): Answer => {
    const found = codes.get(form.get('code') ?? '')
    codes.delete(form.get('code') ?? '')
    const challenge = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url')
    const client = `Basic ${Buffer.from(`${CLIENT}:${secret}`).toString('base64')}`
    const proved = found?.asked.get('code_challenge_method') === 'S256' && found.asked.get('code_challenge') === challenge
    if (!found || !proved || authorization !== client || found.asked.get('redirect_uri') !== form.get('redirect_uri')) {
      return [400, { error: 'invalid_grant' }]
    }
    const who = { sub: found.email, email: found.email, email_verified: true }
    const roles = found.email.startsWith('olga') ? ['operator'] : ['customer']
    return [200, {
      token_type: 'Bearer',
      access_token: token({ ...who, aud: 'shop', roles }),
      id_token: token({ ...who, aud: CLIENT, nonce: found.asked.get('nonce') }),
    }]
  }

  const answerTo = async (request: IncomingMessage): Promise<Answer> => {
    const { pathname, searchParams: query } = new URL(request.url ?? '/', url)
    switch (pathname) {
      case '/.well-known/openid-configuration':
        return [200, {
          issuer: url,
          jwks_uri: `${url}/keys`,
          authorization_endpoint: `${url}/authorize`,
          token_endpoint: `${url}/token`,
        }]
      case '/keys':
        return [200, { keys: [{ ...keys.publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'RS256' }] }]
      case '/authorize': {
        if (request.method === 'GET') return [200, PAGE]
        const code = randomBytes(9).toString('base64url')
        codes.set(code, { asked: query, email: new URLSearchParams(await textOf(request)).get('email') ?? '' })
        const back = new URLSearchParams({ state: query.get('state') ?? '', code })
        return [303, '', { location: `${query.get('redirect_uri')}?${back}` }]
      }
      case '/token':
        return redeem(new URLSearchParams(await textOf(request)), request.headers.authorization ?? '')
      default:
        return [404, '']
    }
  }

  const server = createServer((request, response) => {
    void answerTo(request).then((answer) => send(response, answer))
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    secret,
    close: () =>
      new Promise<void>((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}

/** Signs somebody in there, from the workbench's page for that. */
export async function signInAt({ url }: Issuer, page: Page, email: string): Promise<void> {
  await page.getByRole('link', { name: `Continue with ${new URL(url).host}` }).click()
  await page.getByRole('heading', { level: 1, name: 'The shop’s accounts' }).waitFor()
  await page.getByRole('textbox', { name: 'E-mail' }).fill(email)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

/** Where people say who they are; what was asked for goes on in the address. */
const PAGE = `<!doctype html><html lang="en"><title>The shop’s accounts</title><link rel="icon" href="data:,"><h1>The shop’s accounts</h1>
<form method="post"><label>E-mail <input name="email"></label> <button>Sign in</button></form>`

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}

function send(response: ServerResponse, [status, body, headers]: Answer): void {
  const page = typeof body === 'string'
  response.writeHead(status, { 'content-type': page ? 'text/html; charset=utf-8' : 'application/json', ...headers })
  response.end(page ? body : JSON.stringify(body))
}

import { randomBytes } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A webhook that came in, and what it was answered. */
export interface Received {
  id: string
  status: number
  answer: { order_id: string }
}

/** A service that takes answers as webhooks, and is out of order the first time that it gets one. */
export interface Crm {
  url: string
  secret: string
  received: Received[]
  close: () => Promise<void>
}

interface Webhook {
  data: { data: Received['answer'] }
}

export async function runCrm(): Promise<Crm> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => (text += chunk.toString()))
    request.on('end', () => {
      const id = String(request.headers['webhook-id'])
      const status = received.some((before) => before.id === id) ? 200 : 500
      const { data } = JSON.parse(text) as Webhook
      received.push({ id, status, answer: data.data })
      response.writeHead(status, { 'content-length': 0 }).end()
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/answers`,
    secret: `whsec_${randomBytes(32).toString('base64')}`,
    received,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}

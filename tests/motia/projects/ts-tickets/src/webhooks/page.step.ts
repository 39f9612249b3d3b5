import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { ApiRouteConfig, Handlers } from 'motia'

const here = path.dirname(fileURLToPath(import.meta.url))

export const config: ApiRouteConfig = {
  type: 'api',
  name: 'Page',
  method: 'GET',
  path: '/page/:kind',
  emits: [],
  flows: ['pages'],
  includeFiles: ['./page.html'],
}

export const handler: Handlers['Page'] = async (req) => {
  const file = await readFile(path.join(here, 'page.html'))
  if (req.pathParams.kind === 'text') {
    return { status: 200, headers: { 'Content-Type': 'text/html' }, body: file.toString() }
  }
  const root = await readFile(path.join(process.cwd(), 'src', 'webhooks', 'page.html'))
  return { status: 200, headers: { 'Content-Type': 'application/octet-stream', 'Content-Length': root.length } as never, body: root }
}

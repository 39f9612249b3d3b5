import { randomBytes } from 'node:crypto'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { until } from './orders'
import { type RunningProject, runExample } from './project'

/** `examples/preview-environments`, with a GitHub that takes its comments and fails at first. */
export interface Previews {
  project: RunningProject
  /** What nobody must ever see, by the name of its variable. */
  secrets: Record<string, string>
  /** The comments that were made on the pull request. */
  comments: string[]
  close: () => Promise<void>
}

/** A step that tells everybody its token: in its log, and in the error of its first attempt. */
const CARELESS = `from wistro import Context, EventStep, Retry

config = EventStep(
    name="Say too much",
    flows=["notifications"],
    subscribes=["comment.written"],
    retry=Retry(attempts=2),
)


async def handler(comment: object, ctx: Context) -> dict[str, str]:
    token = ctx.secrets.get("GITHUB_TOKEN")
    ctx.logger.info(f"The token of the careless is {token}", {"token": token, "nested": [{"of": token}]})
    if ctx.attempt == 1:
        raise RuntimeError(f"the careless could not use {token}")
    return {"careless": "done"}
`

interface Listed {
  run_id: string
  status: string
}

export async function runPreviews(): Promise<Previews> {
  const secret = () => randomBytes(24).toString('base64url')
  const secrets = { GITHUB_TOKEN: secret(), GITHUB_WEBHOOK_SECRET: secret(), OPERATOR_TOKEN: secret(), WISTRO_TOKEN: secret() }
  const github = await runGitHub(secrets.GITHUB_TOKEN)
  try {
    const { project, close } = await runExample('preview-environments', {
      env: { ...secrets, GITHUB_API_URL: github.url },
      prepare: (folder) => writeFile(join(folder, 'steps/notifications/say_too_much.step.py'), CARELESS),
    })
    const all = async () => {
      await stopEnvironments(project)
      await close()
      await github.close()
    }
    return { project, secrets, comments: github.comments, close: all }
  } catch (error) {
    await github.close()
    throw error
  }
}

/** A `pull_request` payload that GitHub publishes: a branch of the repository itself was opened. */
export async function pullRequest(action: string): Promise<Record<string, unknown>> {
  const path = join(import.meta.dirname, '../../../examples/preview-environments/node_modules')
  const text = await readFile(join(path, '@octokit/webhooks-examples/api.github.com/index.json'), 'utf8')
  const events = JSON.parse(text) as { name: string; examples: Record<string, unknown>[] }[]
  const found = events.find(({ name }) => name === 'pull_request')?.examples.find((each) => each.action === action)
  if (!found) throw new Error(`there is no example of a pull request that is ${action}`)
  return found
}

/** The runs of a flow. */
export async function runsOf(project: RunningProject, flow: string): Promise<Listed[]> {
  const { runs } = await project.api<{ runs: Listed[] }>('GET', `/runs?flow=${flow}`)
  return runs
}

/** Waits until as many runs of a flow have completed. */
export async function completed(project: RunningProject, flow: string, count: number): Promise<Listed[]> {
  const done = async () => (await runsOf(project, flow)).filter(({ status }) => status === 'completed')
  await until(`${count} runs of ${flow} are completed`, async () => (await done()).length >= count)
  return done()
}

/** GitHub's comments of a pull request: out of order for the first request. */
async function runGitHub(token: string) {
  const comments: string[] = []
  let requests = 0
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (chunk: Buffer) => (text += chunk.toString()))
    request.on('end', () => {
      const answer = (status: number, body: unknown) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      if (++requests === 1) return answer(503, { message: 'Service unavailable' })
      if (request.headers.authorization !== `Bearer ${token}`) return answer(401, { message: 'Bad credentials' })
      if (request.method === 'GET') return answer(200, [])
      comments.push((JSON.parse(text) as { body: string }).body)
      return answer(201, { html_url: `https://github.example/comments/${comments.length}` })
    })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    comments,
    close: () =>
      new Promise<void>((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}

/** Environments outlive the project that made them: each is told to stop, with the token that it has for that. */
async function stopEnvironments({ folder }: RunningProject): Promise<void> {
  const environments = join(folder, '.wistro', 'previews')
  const files = await readdir(environments).catch(() => [])
  for (const file of files.filter((name) => name.endsWith('.lock'))) {
    const text = await readFile(join(environments, file), 'utf8')
    if (!text) continue
    const { port, token } = JSON.parse(text) as { port: number; token: string }
    // Those that have stopped already do not answer.
    await fetch(`http://127.0.0.1:${port}/stop`, { method: 'POST', headers: { authorization: `Bearer ${token}` } }).catch(() => undefined)
  }
}

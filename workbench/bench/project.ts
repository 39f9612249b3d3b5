import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** How many steps follow each other in the flow `chain`, and how long each takes, in seconds. */
export const CHAIN = { steps: 12, seconds: 0.4 }
/** The flow `wide`: layers of steps, each of which waits for two of the layer before. */
export const WIDE = { layers: 25, across: 12 }

const settings = `project: bench
flows:
  chain:
    name: A chain of steps
    description: One step after the other
  wide:
    name: Three hundred steps
    description: Layers of steps that lead to each other
`

const start = (flow: string, topic: string) => `from wistro import ApiRequest, ApiStep, Context

config = ApiStep(
    id="start_${flow}", name="Start ${flow}", flows=["${flow}"], method="POST", path="/${flow}", emits=["${topic}"],
)


async def handler(request: ApiRequest[dict[str, object]], ctx: Context) -> dict[str, object]:
    await ctx.emit("${topic}", {})
    return {"status": 202, "body": {"run": ctx.run_id}}
`

interface Step {
  id: string
  name: string
  flow: string
  subscribes: string[]
  emits: string[]
  /** Waits for a message of each topic. */
  joins?: boolean
  seconds: number
}

const step = ({ id, name, flow, subscribes, emits, joins, seconds }: Step) => `import asyncio

from wistro import Context, EventStep, Join

config = EventStep(
    id="${id}", name="${name}", flows=["${flow}"], subscribes=${JSON.stringify(subscribes)}, emits=${JSON.stringify(emits)},${joins ? ' join=Join(),' : ''}
)


async def handler(message: dict[str, object], ctx: Context) -> None:
    await asyncio.sleep(${seconds})
    for topic in config.emits:
        await ctx.emit(topic, {})
`

function chain(): Step[] {
  return Array.from({ length: CHAIN.steps }, (_, at) => ({
    id: `link_${at}`,
    name: `Link ${at}`,
    flow: 'chain',
    subscribes: [`chain.${at}`],
    emits: at + 1 < CHAIN.steps ? [`chain.${at + 1}`] : [],
    seconds: CHAIN.seconds,
  }))
}

function wide(): Step[] {
  return Array.from({ length: WIDE.layers * WIDE.across }, (_, at) => {
    const [layer, column] = [Math.floor(at / WIDE.across), at % WIDE.across]
    const before = (each: number) => (layer === 0 ? 'wide.start' : `wide.${layer - 1}.${each % WIDE.across}`)
    return {
      id: `wide_${layer}_${column}`,
      name: `Layer ${layer}, column ${column}`,
      flow: 'wide',
      subscribes: layer === 0 ? [before(0)] : [before(column), before(column + 1)],
      emits: layer + 1 < WIDE.layers ? [`wide.${layer}.${column}`] : [],
      joins: layer > 0,
      seconds: 1,
    }
  })
}

/** Writes a project with a flow to follow and a flow of 300 steps; its folder. */
export async function writeProject(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'wistro-bench-'))
  const steps = join(folder, 'steps')
  await mkdir(steps)
  await writeFile(join(folder, 'wistro.yml'), settings)
  await writeFile(join(steps, 'start_chain.step.py'), start('chain', 'chain.0'))
  await writeFile(join(steps, 'start_wide.step.py'), start('wide', 'wide.start'))
  for (const each of [...chain(), ...wide()]) {
    await writeFile(join(steps, `${each.id}.step.py`), step(each))
  }
  return folder
}

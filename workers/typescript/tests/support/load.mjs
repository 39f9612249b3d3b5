// Loads a step in a process of its own, calls its handler, and says what came of it.
import { Loader } from '../../dist/loader/index.js'
import { StepError } from '../../dist/index.js'

const [root, path, data] = process.argv.slice(2)
const said = { kind: 'loaded' }
try {
  const step = await new Loader(root).step(path)
  said.middleware = step.middleware.length
  const given = data === undefined ? undefined : JSON.parse(data)
  said.same = true
  const input = step.parse === null ? given : await step.parse(given)
  said.same = input === given
  said.returned = await step.handler(input)
} catch (error) {
  said.kind = error.name
  said.message = error.message
  said.isStepError = error instanceof StepError
  said.retryAfter = error.retryAfter
  said.issues = error.issues
  said.stack = error.stack
}
console.log(JSON.stringify(said))
process.exit()

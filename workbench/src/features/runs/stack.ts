/** Stacks of the three languages, as places in source code. */

export interface Frame {
  path: string
  line: number
  /** The function, as its language calls it. */
  name: string
  /** Whether it is in a file of the project: its path is relative to it. */
  ours: boolean
}

const PYTHON = /^\s*File "(.+?)", line (\d+)(?:, in (.+))?$/
const NODE = /^\s*at (?:(?:async )?(.+?) \()?(?:file:\/\/)?((?:node:|[A-Za-z]:)?[^():]+):(\d+):\d+\)?$/
const GO_PLACE = /^\s+(\S+\.go):(\d+)(?: \+0x[0-9a-f]+)?$/

/** The frames of a stack: what went wrong first, then who called it. */
export function framesOf(stack: string): Frame[] {
  const lines = stack.split('\n')
  const python: Frame[] = []
  const others: Frame[] = []
  lines.forEach((text, index) => {
    const py = PYTHON.exec(text)
    if (py) python.push(frame(py[1], py[2], py[3]))
    const node = py ? null : NODE.exec(text)
    if (node) others.push(frame(node[2], node[3], node[1]))
    const go = GO_PLACE.exec(text)
    if (go) others.push(frame(go[1], go[2], (lines[index - 1] ?? '').replace(/\(.*$/, '').trim()))
  })
  // Python tells the latest call last.
  return [...python.reverse(), ...others]
}

function frame(path = '', line = '0', name = ''): Frame {
  return { path, line: Number(line), name: name || '(top level)', ours: isOurs(path) }
}

function isOurs(path: string): boolean {
  return !/^(\/|[A-Za-z]:|<|node:|runtime\/)/.test(path) && !/(^|\/)(node_modules|site-packages|\.wistro|go\/pkg\/mod)\//.test(path)
}

/** What the stack says besides its frames: the error, and what caused it. */
export function headOf(stack: string): string[] {
  const source = /^\s{4}\S|^\s+[\^~]+/
  return stack
    .split('\n')
    .filter((text) => text.trim() && !PYTHON.test(text) && !NODE.test(text) && !GO_PLACE.test(text) && !source.test(text))
    .filter((text) => !text.startsWith('Traceback'))
}

import { KINDS } from '../icons'
import type { FlowModel, Link, Look } from '../model'
import { inlay, isDashed, outline } from '../shapes'
import classes from './Legend.module.css'
import edges from '../edges/edges.module.css'

const LINES: readonly { kind: string; meaning: string }[] = [
  { kind: 'message', meaning: 'A message' },
  { kind: 'conditional', meaning: 'A message that is sent only sometimes' },
  { kind: 'failure', meaning: 'A message when all attempts have failed' },
  { kind: 'virtual', meaning: 'Happens outside of Wistro' },
  { kind: 'cross_flow', meaning: 'To or from another flow' },
  { kind: 'call', meaning: 'A call of another flow, with an answer' },
]

/** What the shapes and lines of this flow mean; those that it does not have are left out. */
export function Legend({ model }: { model: FlowModel }) {
  const looks = new Set(model.items.flatMap((item) => (item.type === 'step' ? [item.look] : [])))
  const kinds = new Set(model.links.map(kindOf))
  const joins = model.items.some((item) => item.type === 'step' && item.step.join)
  return (
    <div className={classes.legend}>
      <h3 className={classes.heading}>Steps</h3>
      <ul className={classes.list}>
        {(Object.keys(KINDS) as Look[]).filter((look) => looks.has(look)).map((look) => (
          <li key={look}>
            <Swatch look={look} />
            <span><strong>{KINDS[look].word}</strong>: {KINDS[look].meaning.charAt(0).toLowerCase() + KINDS[look].meaning.slice(1)}</span>
          </li>
        ))}
        {joins && (
          <li>
            <span className={classes.join}><span>all</span></span>
            <span>Waits for several messages: all, or so many</span>
          </li>
        )}
      </ul>
      {kinds.size > 0 && <h3 className={classes.heading}>Lines</h3>}
      <ul className={classes.list}>
        {LINES.filter((line) => kinds.has(line.kind)).map((line) => (
          <li key={line.kind}>
            <svg width={44} height={12} aria-hidden><path className={edges.edge} data-kind={line.kind} d="M2,6H42" /></svg>
            <span>{line.meaning}</span>
          </li>
        ))}
      </ul>
      <h3 className={classes.heading}>Keys</h3>
      <p className={classes.keys}>
        Arrow keys go along the lines, <kbd>Enter</kbd> opens a step, <kbd>Esc</kbd> closes it, <kbd>/</kbd> finds, <kbd>0</kbd> shows everything.
      </p>
    </div>
  )
}

function kindOf({ edge }: Link): string {
  if (edge.kind === 'outside') return 'message'
  return edge.kind === 'message' && (edge.conditional || edge.alternative) ? 'conditional' : edge.kind
}

function Swatch({ look }: { look: Look }) {
  const lines = look === 'task' ? null : inlay(look, 44, 26)
  const { tone } = KINDS[look]
  return (
    <svg width={44} height={26} className={classes.swatch} data-tone={tone} aria-hidden>
      <path d={outline(look, 44, 26)} strokeDasharray={isDashed(look) ? '4 3' : undefined} />
      {lines && <path d={lines} />}
    </svg>
  )
}

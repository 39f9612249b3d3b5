import classes from './edges.module.css'

const KINDS = ['message', 'failure', 'cross_flow', 'call', 'passed'] as const

/** The arrowheads of edges, each in the colour of its kind. */
export function Markers() {
  return (
    <svg className={classes.markers} aria-hidden>
      <defs>
        {KINDS.map((kind) => (
          <marker key={kind} id={`arrow-${kind}`} viewBox="0 0 8 8" refX={7} refY={4} markerWidth={8} markerHeight={8} orient="auto-start-reverse" markerUnits="userSpaceOnUse">
            <path d="M0,0.6L7.4,4L0,7.4Z" className={classes.arrow} data-kind={kind} />
          </marker>
        ))}
      </defs>
    </svg>
  )
}

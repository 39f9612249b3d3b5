import { Portal } from '@mantine/core'
import { useGraphState } from '../graphStore'
import { edgeSentence } from '../model'
import classes from './edges.module.css'

/** What the edge that is pointed at means; one for all edges, since there may be hundreds. */
export function EdgeTip() {
  const tip = useGraphState((state) => state.tip)
  if (!tip) return null
  const sentence = edgeSentence(tip.link.edge)
  return (
    <Portal>
      <div className={classes.tip} role="tooltip" style={{ left: tip.x, top: tip.y + 8 }}>
        <div className={classes.topic}>{tip.link.edge.topic}</div>
        {sentence && <div>{sentence}</div>}
      </div>
    </Portal>
  )
}

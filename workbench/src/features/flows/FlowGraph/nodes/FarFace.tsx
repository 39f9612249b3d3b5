import { KINDS } from '../icons'
import type { Look } from '../model'
import { isRound } from '../shapes'
import classes from './nodes.module.css'
import { Outline } from './StepFace'

/** A step from afar: its outline and its name, in as few elements as can be, since hundreds are in sight. */
export function FarFace({ name, look }: { name: string; look: Look }) {
  return (
    <div className={classes.face} data-tone={KINDS[look].tone} data-look={look} data-round={isRound(look) || undefined} data-afar>
      {!isRound(look) && <Outline look={look} />}
      <span className={classes.name}>{name}</span>
    </div>
  )
}

import { UnstyledButton } from '@mantine/core'
import { IconChevronRight } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import { CopyButton } from '@/components/CopyButton/CopyButton'
import { type Frame, framesOf, headOf } from '../stack'
import { SourceLines } from './SourceLines'
import classes from './Stack.module.css'

/** A stack as places in source code: those of the project with their lines, those of libraries folded away. */
export function Stack({ stack }: { stack: string }) {
  const frames = useMemo(() => framesOf(stack), [stack])
  const ours = frames.filter((each) => each.ours)
  const others = frames.filter((each) => !each.ours)
  const [raw, setRaw] = useState(frames.length === 0)
  return (
    <div className={classes.stack}>
      {headOf(stack).map((text) => (
        <div key={text} className={classes.head}>{text}</div>
      ))}
      {ours.map((frame, index) => (
        <Place key={`${frame.path}:${frame.line}:${index}`} frame={frame} opened={index === 0} />
      ))}
      {others.length > 0 && (
        <details className={classes.others}>
          <summary>{others.length} in libraries</summary>
          {others.map((frame, index) => (
            <div key={index} className="mono">
              {frame.path}:{frame.line} <span className="quiet">in {frame.name}</span>
            </div>
          ))}
        </details>
      )}
      <div className={classes.foot}>
        <UnstyledButton className={classes.link} aria-expanded={raw} onClick={() => setRaw(!raw)}>
          {raw ? 'Hide the text' : 'Show the text'}
        </UnstyledButton>
        <CopyButton text={stack} label="Copy the stack" />
      </div>
      {raw && <pre className={classes.raw}>{stack}</pre>}
    </div>
  )
}

function Place({ frame, opened: first }: { frame: Frame; opened: boolean }) {
  const [opened, setOpened] = useState(first)
  return (
    <div>
      <UnstyledButton className={classes.place} aria-expanded={opened} onClick={() => setOpened(!opened)}>
        <IconChevronRight size={13} aria-hidden className={classes.chevron} data-opened={opened || undefined} />
        <span className="mono">{frame.name}</span>
        <span className={`${classes.path} mono`}>
          {frame.path}:{frame.line}
        </span>
      </UnstyledButton>
      {opened && <SourceLines frame={frame} maxHeight={220} />}
    </div>
  )
}

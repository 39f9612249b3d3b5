import { ActionIcon, Popover, TextInput, Tooltip } from '@mantine/core'
import { IconCode, IconInfoCircle, IconMaximize, IconMinus, IconPlus, IconSearch, IconSparkles } from '@tabler/icons-react'
import { useReactFlow } from '@xyflow/react'
import { type KeyboardEvent, type ReactNode, type RefObject, useContext, useState } from 'react'
import { asError } from '@/api/errors'
import { GraphStoreContext, useGraphState } from '../graphStore'
import { Legend } from '../Legend/Legend'
import { type FlowModel, search } from '../model'
import classes from './Toolbar.module.css'

interface ToolbarProps {
  model: FlowModel
  searchRef: RefObject<HTMLInputElement | null>
  goTo: (id: string, focus?: boolean) => void
  showAll: (duration?: number) => void
  tidy: () => void
  /** Whether somebody has moved a node. */
  moved: boolean
  kept: 'project' | 'browser'
  problem: unknown
}

/** What can be done with the graph: search, zoom, tidy up, and what its signs mean. */
export function Toolbar({ model, searchRef, goTo, showAll, tidy, moved, kept, problem }: ToolbarProps) {
  const store = useContext(GraphStoreContext)
  const technical = useGraphState((state) => state.technical)
  const flow = useReactFlow()
  const tidied = kept === 'project' ? 'in wistro.layout.json' : 'in this browser'
  return (
    <>
      <div className={classes.search}>
        <Search model={model} searchRef={searchRef} goTo={goTo} />
        {problem !== null && problem !== undefined && (
          <p className={classes.problem} role="status">
            Positions are not kept with the project: {asError(problem).message}
          </p>
        )}
      </div>
      <div className={classes.tools} role="toolbar" aria-label="Graph" aria-orientation="vertical">
        <Tool label="Zoom in (+)" onClick={() => void flow.zoomIn({ duration: 120 })}><IconPlus size={17} /></Tool>
        <Tool label="Zoom out (−)" onClick={() => void flow.zoomOut({ duration: 120 })}><IconMinus size={17} /></Tool>
        <Tool label="Show all of it (0)" onClick={() => showAll(200)}><IconMaximize size={17} /></Tool>
        <Tool
          label={moved ? `Tidy up: forget the positions that are kept ${tidied}` : `Drag steps where you want them: positions are kept ${tidied}`}
          disabled={!moved}
          onClick={tidy}
        >
          <IconSparkles size={17} />
        </Tool>
        <Tool label="Technical detail: topics and files" pressed={technical} onClick={() => store.setState({ technical: !technical })}>
          <IconCode size={17} />
        </Tool>
        <Popover position="right-end" withArrow shadow="md" withinPortal>
          <Popover.Target>
            <ActionIcon variant="default" size={34} aria-label="What the signs mean"><IconInfoCircle size={17} aria-hidden /></ActionIcon>
          </Popover.Target>
          <Popover.Dropdown><Legend model={model} /></Popover.Dropdown>
        </Popover>
      </div>
    </>
  )
}

interface ToolProps {
  label: string
  pressed?: boolean
  disabled?: boolean
  onClick: () => void
  children: ReactNode
}

function Tool({ label, pressed, disabled = false, onClick, children }: ToolProps) {
  return (
    <Tooltip label={label} position="right" openDelay={300} multiline maw={260}>
      <ActionIcon
        variant={pressed ? 'filled' : 'default'}
        size={34}
        aria-label={label}
        {...(pressed === undefined ? {} : { 'aria-pressed': pressed })}
        data-disabled={disabled || undefined}
        aria-disabled={disabled || undefined}
        onClick={() => disabled || onClick()}
      >
        {children}
      </ActionIcon>
    </Tooltip>
  )
}

function Search({ model, searchRef, goTo }: Pick<ToolbarProps, 'model' | 'searchRef' | 'goTo'>) {
  const store = useContext(GraphStoreContext)
  const [text, setText] = useState('')
  const [at, setAt] = useState(-1)
  const found = search(model, text)

  function look(next: string) {
    setText(next)
    setAt(-1)
    store.setState({ found: next.trim() ? new Set(search(model, next)) : null })
  }

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === 'Enter' && found.length > 0) {
      const next = (at + (event.shiftKey ? -1 : 1) + found.length) % found.length
      setAt(next)
      const id = found[next]
      if (id) goTo(id, false)
    } else if (event.key === 'Escape') {
      look('')
      searchRef.current?.blur()
    } else return
    event.preventDefault()
  }

  return (
    <TextInput
      ref={searchRef}
      size="sm"
      value={text}
      onChange={(event) => look(event.currentTarget.value)}
      onKeyDown={onKeyDown}
      placeholder="Find a step or a topic"
      aria-label="Find a step or a topic"
      leftSection={<IconSearch size={15} aria-hidden />}
      rightSectionWidth={64}
      rightSection={
        text.trim() ? (
          <span className={classes.count} role="status">{found.length === 0 ? 'none' : at < 0 ? found.length : `${at + 1} of ${found.length}`}</span>
        ) : (
          <kbd className={classes.key}>/</kbd>
        )
      }
    />
  )
}

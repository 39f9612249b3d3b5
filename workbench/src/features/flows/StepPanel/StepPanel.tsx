import { ActionIcon, Badge, Button, Tabs } from '@mantine/core'
import { IconPlayerPlay, IconX } from '@tabler/icons-react'
import { type KeyboardEvent, type RefObject, useEffect, useRef } from 'react'
import { Link } from 'react-router'
import { $api, type Api } from '@/api/client'
import { startPath } from '@/app/paths'
import { CopyButton } from '@/components/CopyButton/CopyButton'
import { JsonView } from '@/components/JsonView/JsonView'
import { Query } from '@/components/States/States'
import { KINDS } from '../FlowGraph/icons'
import { type Graph, languageName, lookOfStep } from '../FlowGraph/model'
import { About } from './About'
import { Activity } from './Activity'
import { Data } from './Data'
import { SourceCode } from './SourceCode'
import classes from './StepPanel.module.css'

interface StepPanelProps {
  flow: string
  step: string
  graph: Graph
  tab: string
  onTab: (tab: string) => void
  onSelect: (step: string | null) => void
}

/** A step, beside the graph: what it does in words, its data, its code, and what came to it lately. */
export function StepPanel({ flow, step, graph, tab, onTab, onSelect }: StepPanelProps) {
  const detail = $api.useQuery('get', '/api/flows/{flow}/steps/{step}', { params: { path: { flow, step } } })
  const heading = useRef<HTMLHeadingElement>(null)
  const inFlow = (id: string) => graph.nodes.find((node) => node.id === id)?.name ?? null

  const loaded = detail.isSuccess
  useEffect(() => heading.current?.focus({ preventScroll: true }), [step, loaded])

  function onKeyDown(event: KeyboardEvent) {
    if (event.key === 'Escape' && !event.defaultPrevented) onSelect(null)
  }

  return (
    <aside className={classes.panel} aria-label="Step" onKeyDown={onKeyDown}>
      <ActionIcon className={classes.close ?? ''} variant="subtle" color="gray" aria-label="Close the step (Esc)" onClick={() => onSelect(null)}>
        <IconX size={18} aria-hidden />
      </ActionIcon>
      <Query of={detail}>
        {(found) => (
          <>
            <Head flow={flow} step={found} headingRef={heading} />
            <Tabs value={tab} onChange={(next) => onTab(next ?? 'about')} keepMounted={false}>
              <Tabs.List className={classes.tabs ?? ''}>
                <Tabs.Tab value="about">About</Tabs.Tab>
                <Tabs.Tab value="data">Data</Tabs.Tab>
                <Tabs.Tab value="code">Code</Tabs.Tab>
                {found.policy.length > 0 && <Tabs.Tab value="activity">Recent</Tabs.Tab>}
                <Tabs.Tab value="config">Config</Tabs.Tab>
              </Tabs.List>
              <Tabs.Panel value="about" pt="md"><About step={found} onSelect={onSelect} inFlow={inFlow} /></Tabs.Panel>
              <Tabs.Panel value="data" pt="md"><Data step={found} /></Tabs.Panel>
              <Tabs.Panel value="code" pt="md"><SourceCode flow={flow} step={step} /></Tabs.Panel>
              <Tabs.Panel value="activity" pt="md"><Activity flow={flow} step={step} /></Tabs.Panel>
              <Tabs.Panel value="config" pt="md"><JsonView value={found.config} label="Config" open={2} /></Tabs.Panel>
            </Tabs>
          </>
        )}
      </Query>
    </aside>
  )
}

function Head({ flow, step, headingRef }: { flow: string; step: Api['StepDetail']; headingRef: RefObject<HTMLHeadingElement | null> }) {
  const { word, tone, icon: Icon } = KINDS[lookOfStep(step)]
  const starts = step.kind === 'api' || step.kind === 'cron' || step.kind === 'call'
  return (
    <header className={classes.head}>
      <div className={classes.kind} data-tone={tone}>
        <Icon size={16} aria-hidden /> {word}
        {step.kind !== 'noop' && <Badge variant="default" size="sm" tt="none">{languageName(step)}</Badge>}
      </div>
      <h2 ref={headingRef} tabIndex={-1} className={classes.title}>{step.name}</h2>
      {step.description && <p className={classes.description}>{step.description}</p>}
      <div className={classes.id}>
        <span className="mono">{step.id}</span>
        <CopyButton text={step.id} label="Copy the step’s id" />
      </div>
      {starts && (
        <Button
          component={Link}
          to={startPath(flow, step.id)}
          size="xs"
          leftSection={<IconPlayerPlay size={14} aria-hidden />}
        >
          Start a run here
        </Button>
      )}
    </header>
  )
}

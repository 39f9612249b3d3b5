import { Button, SegmentedControl } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { IconListDetails, IconPlayerPlay } from '@tabler/icons-react'
import { useCallback, useEffect } from 'react'
import { Link, useParams } from 'react-router'
import { $api, type Api } from '@/api/client'
import { startPath } from '@/app/paths'
import { Page } from '@/components/Page/Page'
import { Empty, Query } from '@/components/States/States'
import { useUrl } from '@/components/useUrl'
import { FlowGraph, preloadGraph } from './FlowGraph/FlowGraph'
import { FlowList } from './FlowList/FlowList'
import classes from './FlowPage.module.css'
import { StepPanel } from './StepPanel/StepPanel'

/** A flow: as a graph or as a list, with the step that is looked at beside it. */
export function Component() {
  const { flow = '' } = useParams()
  const { params: query, change } = useUrl()
  const narrow = useMediaQuery('(max-width: 48em)', false, { getInitialValueInEffect: false })
  const view = query.get('view') ?? (narrow ? 'list' : 'graph')
  const found = $api.useQuery('get', '/api/flows/{flow}', { params: { path: { flow } } })

  useEffect(() => {
    if (view === 'graph') preloadGraph()
  }, [view])

  // What was looked at before is where one gets back to.
  const select = useCallback((step: string | null) => change({ step, ...(step === null ? { tab: null } : {}) }, 'push'), [change])

  return (
    <Page
      title={found.data?.name ?? 'Flow'}
      description={found.data?.description}
      crumbs={[{ label: 'Flows', to: '/flows' }]}
      full
      actions={
        <>
          <SegmentedControl
            size="xs"
            aria-label="How the flow is shown"
            value={view}
            onChange={(next) => change({ view: next }, 'push')}
            data={[{ value: 'graph', label: 'Graph' }, { value: 'list', label: 'List' }]}
          />
          <Button component={Link} to={`/runs?flow=${encodeURIComponent(flow)}`} variant="default" size="xs" leftSection={<IconListDetails size={15} aria-hidden />}>
            Runs
          </Button>
          <Button component={Link} to={startPath(flow)} size="xs" leftSection={<IconPlayerPlay size={15} aria-hidden />}>
            Start a run
          </Button>
        </>
      }
    >
      <div className={classes.body}>
        <Query of={found}>
          {(detail) => <Body detail={detail} view={view} step={query.get('step')} tab={query.get('tab') ?? 'about'} onSelect={select} onTab={(tab) => change({ tab }, 'push')} />}
        </Query>
      </div>
    </Page>
  )
}

interface BodyProps {
  detail: Api['FlowDetail']
  view: string
  step: string | null
  tab: string
  onSelect: (step: string | null) => void
  onTab: (tab: string) => void
}

function Body({ detail, view, step, tab, onSelect, onTab }: BodyProps) {
  const { graph, id } = detail
  if (graph.nodes.length === 0) {
    return (
      <Empty title="No steps yet">
        Put a step file into <code>steps/</code> and name the flow in it: <code>flows=["{id}"]</code>. It appears here as soon as it is saved.
      </Empty>
    )
  }
  const open = step !== null && graph.nodes.some((node) => node.id === step)
  return (
    <>
      <div className={classes.main}>
        {view === 'list' ? (
          <div className={classes.scroll}><FlowList graph={graph} selected={step} onSelect={onSelect} /></div>
        ) : (
          <FlowGraph flow={id} graph={graph} selected={step} onSelect={onSelect} />
        )}
      </div>
      {open && <StepPanel flow={id} step={step} graph={graph} tab={tab} onTab={onTab} onSelect={onSelect} />}
    </>
  )
}

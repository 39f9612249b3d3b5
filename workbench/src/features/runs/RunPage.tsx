import { Drawer, Tabs } from '@mantine/core'
import { useHotkeys, useMediaQuery } from '@mantine/hooks'
import { useMemo } from 'react'
import { useParams } from 'react-router'
import { $api } from '@/api/client'
import { useSession } from '@/api/session'
import { Page } from '@/components/Page/Page'
import { Failed, Loading } from '@/components/States/States'
import { StatusBadge } from '@/components/StatusBadge/StatusBadge'
import { useUrl } from '@/components/useUrl'
import { Words } from '@/components/Words/Words'
import { RepairMenu } from '@/features/repair'
import { RunTrace } from '@/features/traces'
import { DeliveryPanel } from './DeliveryPanel/DeliveryPanel'
import { Failure } from './Failure/Failure'
import { RunHeader } from './RunHeader/RunHeader'
import classes from './RunPage.module.css'
import { AnswersTab } from './Tabs/AnswersTab'
import { GraphTab } from './Tabs/GraphTab'
import { HistoryTab } from './Tabs/HistoryTab'
import { LogsTab } from './Tabs/LogsTab'
import { TimelineTab } from './Tabs/TimelineTab'
import { useRun } from './useRun'
import { culprit, type Run, statusOf } from './words'

const SEEN_BY_ALL = ['graph', 'timeline'] as const
const TABS = [...SEEN_BY_ALL, 'logs', 'trace', 'answers', 'history'] as const

/** The title of the drawer is for those who cannot see it. */
const HIDDEN_TITLE = { header: { position: 'absolute', minHeight: 0, padding: 0 } } as const

/** A run: what happened to it, and why. */
export function Component() {
  const { flow = '', run = '' } = useParams()
  const query = useRun(flow, run)
  const about = $api.useQuery('get', '/api/flows/{flow}', { params: { path: { flow } } }, { retry: false })
  const names = useMemo(() => new Map((about.data?.graph.nodes ?? []).map((node) => [node.id, node.name])), [about.data])
  const title = about.data?.name ?? flow
  const crumbs = [
    { label: 'Runs', to: '/runs' },
    { label: title, to: `/runs?flow=${encodeURIComponent(flow)}` },
  ]
  if (!query.data) {
    return (
      <Page title={`Run of ${title}`} crumbs={crumbs}>
        {query.isPending ? <Loading rows={9} label="Loading the run" /> : <Failed error={query.error} retry={query.refetch} />}
      </Page>
    )
  }
  return (
    <Page
      title={`Run of ${title}`}
      crumbs={crumbs}
      beside={<StatusBadge status={statusOf(query.data)} />}
      actions={<RepairMenu run={query.data} />}
    >
      <Body run={query.data} names={names} />
    </Page>
  )
}

function Body({ run, names }: { run: Run; names: ReadonlyMap<string, string> }) {
  const { can } = useSession()
  const { params, change } = useUrl()
  const small = useMediaQuery('(max-width: 48em)', false, { getInitialValueInEffect: false })
  const narrow = useMediaQuery('(max-width: 75em)', false, { getInitialValueInEffect: false })
  const wanted = params.get('tab')
  const tab = (can('read') ? TABS : SEEN_BY_ALL).find((each) => each === wanted) ?? (small ? 'timeline' : 'graph')
  const id = params.get('delivery')
  const delivery = run.deliveries.find((each) => each.delivery_id === id) ?? null
  const select = (next: string | null) => change({ delivery: next })
  const bad = ['failed', 'timed_out', 'running'].includes(run.status) ? culprit(run) : null
  const told = bad !== null && can('read')
  useHotkeys([['Escape', () => select(null)]])

  const panel = delivery && <DeliveryPanel key={delivery.delivery_id} run={run} delivery={delivery} onSelect={select} />
  const beside = panel !== null && !narrow
  return (
    <>
      <RunHeader run={run} stepNames={names} told={told} />
      {bad && told && <Failure run={run} delivery={bad} onOpen={select} />}
      <div className={classes.split} data-beside={beside || undefined}>
        <Tabs value={tab} onChange={(next) => change({ tab: next })} keepMounted={false} className={classes.main ?? ''}>
          <Tabs.List mb="sm" className={classes.tabs ?? ''}>
            <Tabs.Tab value="graph">Graph</Tabs.Tab>
            <Tabs.Tab value="timeline">Timeline</Tabs.Tab>
            {can('read') && <Tabs.Tab value="logs">Log</Tabs.Tab>}
            {can('read') && <Tabs.Tab value="trace">Trace</Tabs.Tab>}
            {can('read') && <Tabs.Tab value="answers">Answers</Tabs.Tab>}
            {can('read') && <Tabs.Tab value="history">Who did what</Tabs.Tab>}
          </Tabs.List>
          <Tabs.Panel value="graph">
            <GraphTab run={run} step={delivery?.step ?? null} onStep={(step) => select(deliveryAt(run, step))} />
          </Tabs.Panel>
          <Tabs.Panel value="timeline"><TimelineTab run={run} selected={id} onSelect={select} /></Tabs.Panel>
          <Tabs.Panel value="logs"><LogsTab run={run} /></Tabs.Panel>
          <Tabs.Panel value="trace"><RunTrace flow={run.flow} run={run.run_id} going={run.status === 'running'} /></Tabs.Panel>
          <Tabs.Panel value="answers"><AnswersTab run={run} /></Tabs.Panel>
          <Tabs.Panel value="history"><HistoryTab run={run} /></Tabs.Panel>
        </Tabs>
        {beside && <div className={classes.side}>{panel}</div>}
      </div>
      {run.notes.length > 0 && (
        <ul className={classes.notes} aria-label="Notes">
          {run.notes.map((note) => (
            <li key={note}><Words text={note} /></li>
          ))}
        </ul>
      )}
      {narrow && (
        <Drawer opened={panel !== null} onClose={() => select(null)} position="right" size="min(520px, 100%)" withCloseButton={false} padding={0} title={<span className="visually-hidden">The delivery</span>} styles={HIDDEN_TITLE}>
          {panel}
        </Drawer>
      )}
    </>
  )
}

/** The delivery to show for a step: the one that people have to know of, else the latest. */
function deliveryAt(run: Run, step: string | null): string | null {
  const found = run.deliveries.filter((each) => each.step === step)
  const chosen = found.find((each) => ['held', 'failed', 'running', 'waiting', 'retrying'].includes(each.status)) ?? found.at(-1)
  return chosen?.delivery_id ?? null
}

import { SegmentedControl, Select, Stack } from '@mantine/core'
import { Page } from '@/components/Page/Page'
import { Failed, Loading } from '@/components/States/States'
import { useUrl } from '@/components/useUrl'
import { Breakdown } from './Breakdown/Breakdown'
import { Charts } from './Charts/Charts'
import { FirstRun } from './FirstRun/FirstRun'
import { RANGES, type Share, neverRan, rangeOf, shareOf } from './model'
import { useFollowing, useHealthQuery, useOverview } from './queries'
import { RecentFailures } from './RecentFailures/RecentFailures'
import { Tiles } from './Tiles/Tiles'
import { VersionsCard } from './VersionsCard/VersionsCard'
import { WorkersCard } from './WorkersCard/WorkersCard'
import classes from './OverviewPage.module.css'

/** How the project does: what matters first, then figures over time, then who works. */
export function Component() {
  const { params, change } = useUrl()
  const range = rangeOf(params.get('range'))
  const flow = params.get('flow')
  const share = shareOf(params.get('share'))
  const when = RANGES[range].words
  const health = useHealthQuery()
  const overview = useOverview(range, flow)
  useFollowing(FAILURES)

  const flows = health.data?.flows
  const nameOf = (id: string) => flows?.find((each) => each.flow === id)?.name ?? id
  const toFlow = (id: string) => {
    const next = new URLSearchParams(params)
    next.set('flow', id)
    return `/?${next}`
  }
  const controls = (
    <>
      <Select
        aria-label="Flow"
        placeholder="All flows"
        data={(flows ?? []).map((each) => ({ value: each.flow, label: each.name }))}
        value={flow}
        onChange={(value) => change({ flow: value })}
        clearable
        searchable
        clearButtonProps={{ 'aria-label': 'All flows' }}
        size="sm"
        w={210}
      />
      <SegmentedControl
        aria-label="Time"
        data={Object.entries(RANGES).map(([value, { label }]) => ({ value, label }))}
        value={range}
        onChange={(value) => change({ range: value })}
        size="sm"
      />
    </>
  )
  if (flows && neverRan(flows) && overview.data?.series.length === 0) {
    return (
      <Page title="Overview">
        <FirstRun flows={flows} />
        <WorkersCard />
      </Page>
    )
  }
  return (
    <Page title="Overview" actions={controls}>
      <Stack gap="sm">
        {health.error && !flows ? (
          <Failed error={health.error} retry={health.refetch} />
        ) : (
          <Tiles flows={flows} figures={overview.data?.all.total} when={when} since={overview.data?.at[0] ?? ''} flow={flow} />
        )}
        {overview.data ? (
          <>
            <Charts
              overview={overview.data}
              flow={flow}
              when={when}
              share={share}
              onShare={(chosen: Share) => change({ share: chosen })}
            />
            <div className={classes.two}>
              <Breakdown overview={overview.data} flow={flow} when={when} toFlow={toFlow} />
              <RecentFailures flow={flow} nameOf={nameOf} />
            </div>
          </>
        ) : overview.error ? (
          <Failed error={overview.error} retry={overview.refetch} />
        ) : (
          <Loading rows={10} />
        )}
        <div className={classes.two}>
          <WorkersCard />
          <VersionsCard />
        </div>
      </Stack>
    </Page>
  )
}

/** What the recent failures are asked with. */
const FAILURES = ['/api/runs', '/api/logs']

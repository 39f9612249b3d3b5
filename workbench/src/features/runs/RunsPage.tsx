import { Button, Loader, Text } from '@mantine/core'
import { IconArrowUp, IconHandStop, IconPlayerPlay } from '@tabler/icons-react'
import { useCallback, useMemo } from 'react'
import { Link } from 'react-router'
import { $api } from '@/api/client'
import { Page } from '@/components/Page/Page'
import { Empty, Failed, Loading } from '@/components/States/States'
import { useUrl } from '@/components/useUrl'
import { askedFor, filtersOf, isNarrow, type RunFilters as Filters } from './filters'
import { RunFilters } from './RunFilters/RunFilters'
import { RunList } from './RunList/RunList'
import classes from './RunsPage.module.css'
import { useFreshAtTop, useRuns, useWaits } from './useRuns'

/** All runs, as they come and go. */
export function Component() {
  const { params, change: setParams } = useUrl()
  const filters = useMemo(() => filtersOf(params), [params])
  const { query, lines, fresh, showFresh } = useRuns(filters)
  const { status: _, ...scope } = askedFor(filters, Date.now())
  const counts = $api.useQuery('get', '/api/runs/count', { params: { query: scope } }, { staleTime: 3_000, refetchInterval: 5_000, placeholderData: (before) => before })
  const flows = $api.useQuery('get', '/api/flows')
  const names = useMemo(() => new Map((flows.data ?? []).map((flow) => [flow.id, flow.name])), [flows.data])
  const waits = useWaits(lines)
  useFreshAtTop(fresh, showFresh)

  const change = (changes: Partial<Filters>) => {
    setParams(changes)
    window.scrollTo({ top: 0 })
  }
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query
  const onEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [hasNextPage, isFetchingNextPage, fetchNextPage])

  const held = counts.data?.held ?? 0
  const partial = query.data?.pages[0]?.partial
  return (
    <Page
      title="Runs"
      description="Those under way first, then the latest that ended."
      actions={
        held > 0 && (
          <Button component={Link} to={filters.flow[0] ? `/held?flow=${encodeURIComponent(filters.flow[0])}` : '/held'} variant="default" leftSection={<IconHandStop size={16} aria-hidden />}>
            Repair the {held} held
          </Button>
        )
      }
    >
      <RunFilters filters={filters} counts={counts.data} onChange={change} />
      <div aria-live="polite" className={classes.pill}>
        {fresh > 0 && window.scrollY >= 40 && (
          <Button
            size="compact-md"
            radius="xl"
            leftSection={<IconArrowUp size={15} aria-hidden />}
            onClick={() => {
              window.scrollTo({ top: 0 })
              void showFresh()
            }}
          >
            {fresh === 1 ? 'One new run' : `${fresh} new runs`}
          </Button>
        )}
      </div>
      {partial && (
        <Text c="dimmed" size="sm">
          Many ids have this text: only the latest 1,000 of them are looked at. Type more of the id.
        </Text>
      )}
      {query.isPending ? (
        <Loading rows={10} label="Loading runs" />
      ) : query.error && lines.length === 0 ? (
        <Failed error={query.error} retry={query.refetch} />
      ) : lines.length === 0 ? (
        <Nothing narrow={isNarrow(filters)} />
      ) : (
        <RunList lines={lines} names={names} waits={waits} onEnd={onEnd} />
      )}
      {isFetchingNextPage && <Loader size="sm" mx="auto" my="md" display="block" aria-label="Loading older runs" />}
      {!hasNextPage && lines.length > 20 && (
        <Text c="dimmed" size="sm" ta="center" my="md">
          These are all. Temporal forgets runs after its retention time.
        </Text>
      )}
    </Page>
  )
}

function Nothing({ narrow }: { narrow: boolean }) {
  if (narrow) return <Empty title="No run is like that">Take a filter away.</Empty>
  return (
    <Empty
      title="Nothing has run yet"
      action={
        <Button component={Link} to="/flows" mt="sm" leftSection={<IconPlayerPlay size={16} aria-hidden />}>
          Start a run of a flow
        </Button>
      }
    >
      Runs appear here as they begin: by a request, a schedule, a message, a call, or by hand.
    </Empty>
  )
}

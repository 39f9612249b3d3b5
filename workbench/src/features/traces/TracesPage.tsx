import { Button, Center, Text } from '@mantine/core'
import { useMemo } from 'react'
import { useSearchParams } from 'react-router'
import { $api } from '@/api/client'
import { Page } from '@/components/Page/Page'
import { Empty, Failed, Loading } from '@/components/States/States'
import { readFilters, writeFilters } from './filters'
import { NotTraced } from './NotTraced'
import { TraceFilters } from './TraceList/TraceFilters'
import { TraceList } from './TraceList/TraceList'

/** All traces, the newest first. */
export function Component() {
  const [query, setQuery] = useSearchParams()
  const filters = useMemo(() => readFilters(query), [query])
  const traces = $api.useInfiniteQuery(
    'get',
    '/api/traces',
    { params: { query: filters } },
    {
      pageParamName: 'before',
      initialPageParam: null,
      getNextPageParam: (page) => page.next ?? undefined,
      // Older pages are looked at, not followed.
      refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) <= 1 ? 3_000 : false),
    },
  )
  const items = traces.data?.pages.flatMap((page) => page.items) ?? []
  const filtered = Object.keys(filters).length > 0
  return (
    <Page title="Traces" description="What requests and runs did in each process, span by span.">
      <TraceFilters
        filters={filters}
        items={items}
        onChange={(next) => setQuery(writeFilters(next), { replace: true })}
      />
      {traces.isPending ? (
        <Loading rows={10} />
      ) : traces.error ? (
        <Failed error={traces.error} retry={traces.refetch} />
      ) : items.length > 0 ? (
        <>
          <TraceList items={items} />
          {traces.hasNextPage ? (
            <Center mt="md">
              <Button variant="default" loading={traces.isFetchingNextPage} onClick={() => void traces.fetchNextPage()}>
                Show older traces
              </Button>
            </Center>
          ) : (
            <Text size="sm" c="dimmed" ta="center" mt="md">
              That is all that is kept.
            </Text>
          )}
        </>
      ) : filtered ? (
        <Empty
          title="No trace is like that"
          action={
            <Button variant="default" onClick={() => setQuery({}, { replace: true })}>
              Show all traces
            </Button>
          }
        >
          No trace that is kept has all of what is asked for.
        </Empty>
      ) : traces.data.pages[0] ? (
        <NotTraced tracing={traces.data.pages[0].tracing} what="yet" />
      ) : null}
    </Page>
  )
}

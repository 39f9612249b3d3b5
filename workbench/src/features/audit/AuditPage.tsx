import { Alert, Button, Group } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { IconRefresh, IconShieldCheck } from '@tabler/icons-react'
import { fetchApi } from '@/api/client'
import { Page } from '@/components/Page/Page'
import { Empty, Query } from '@/components/States/States'
import { useUrl } from '@/components/useUrl'
import { AuditFilters } from './AuditFilters'
import { AuditTable } from './AuditTable'
import { FILTERS, wantedOf } from './model'

export function Component() {
  const { params } = useUrl()
  const wanted = wantedOf(params)
  const audit = useInfiniteQuery({
    queryKey: ['audit', wanted],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam }) => {
      const before = pageParam === null ? null : Number(pageParam)
      const { data } = await fetchApi.GET('/api/audit', { params: { query: { ...wanted, before, limit: 50 } } })
      return data ?? { items: [], next: null, dropped: 0 }
    },
    getNextPageParam: (page) => page.next,
  })
  const filtered = FILTERS.some((name) => params.get(name))
  return (
    <Page
      title="Audit"
      description="Who did what, and who was refused what. It holds no credentials, and nothing of any message."
      actions={
        <Button
          variant="default"
          leftSection={<IconRefresh size={15} aria-hidden />}
          loading={audit.isRefetching && !audit.isFetchingNextPage}
          onClick={() => void audit.refetch()}
        >
          Refresh
        </Button>
      }
    >
      <AuditFilters />
      <Query of={audit} rows={10}>
        {({ pages }) => {
          const items = pages.flatMap((page) => page.items)
          const dropped = pages[0]?.dropped ?? 0
          if (items.length === 0) return <Nothing filtered={filtered} />
          return (
            <>
              {dropped > 0 && (
                <Alert color="orange" variant="light" mb="sm">
                  {dropped.toLocaleString()} refusals were only counted: there were too many at once.
                </Alert>
              )}
              <AuditTable items={items} />
              {audit.hasNextPage && (
                <Group justify="center" mt="md">
                  <Button
                    variant="default"
                    loading={audit.isFetchingNextPage}
                    onClick={() => void audit.fetchNextPage()}
                  >
                    Show older entries
                  </Button>
                </Group>
              )}
            </>
          )
        }}
      </Query>
    </Page>
  )
}

function Nothing({ filtered }: { filtered: boolean }) {
  const icon = <IconShieldCheck size={36} stroke={1.4} aria-hidden className="quiet" />
  return filtered ? (
    <Empty title="No such entries" icon={icon}>
      Choose less, or clear the filters.
    </Empty>
  ) : (
    <Empty title="Nothing was done yet, and nobody refused" icon={icon}>
      Start a run, cancel or repair one, or answer a task: it is noted here, with your name.
    </Empty>
  )
}

import { Button, Text, TextInput } from '@mantine/core'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { IconDatabase, IconPlus, IconSearch, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'
import { Link } from 'react-router'
import { fetchApi, queryClient } from '@/api/client'
import { useSession } from '@/api/session'
import { Confirm } from '@/components/Confirm/Confirm'
import { Page } from '@/components/Page/Page'
import { Empty, Failed, Loading } from '@/components/States/States'
import { useUrl } from '@/components/useUrl'
import { EntryPanel, entryNow } from './EntryPanel/EntryPanel'
import { inShort } from './model'
import { NewEntryDialog } from './NewEntryDialog/NewEntryDialog'
import classes from './StatePage.module.css'

const REFRESH = 10_000
const to = (group: string, key?: string) => `?${new URLSearchParams(key === undefined ? { group } : { group, key })}`

/** What steps keep: groups, their keys, and a value. */
export function Component() {
  const { params, change } = useUrl()
  const { can } = useSession()
  const [group, key] = [params.get('group'), params.get('key')]
  const [making, setMaking] = useState(false)
  const groups = useGroups()
  const names = groups.data?.pages.flatMap((page) => page.items) ?? []
  const actions = can('operate') && (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setMaking(true)}>New entry</Button>
  )
  return (
    <Page title="State" description="What steps keep between runs: values by group and key." actions={actions}>
      {groups.isPending && <Loading rows={8} />}
      {groups.error && <Failed error={groups.error} retry={groups.refetch} />}
      {groups.data && names.length === 0 && group === null && (
        <Empty title="Nothing is kept yet" icon={<IconDatabase size={32} aria-hidden />}>
          Steps keep values with <code>ctx.state.set(group, key, value)</code>. They appear here.
        </Empty>
      )}
      {groups.data && (names.length > 0 || group !== null) && (
        <div className={classes.columns}>
          <nav className={classes.column} aria-label="Groups">
            <h2 className={classes.title}>Groups</h2>
            <ul className={classes.list}>
              {names.map((name) => (
                <li key={name}>
                  <Link className={classes.item} to={to(name)} aria-current={name === group || undefined}>{name}</Link>
                </li>
              ))}
            </ul>
            {groups.hasNextPage && <Button variant="subtle" size="compact-sm" loading={groups.isFetchingNextPage} onClick={() => void groups.fetchNextPage()}>More groups</Button>}
          </nav>
          <section className={classes.column} aria-label="Keys">
            {group === null ? <Text c="dimmed" size="sm">Choose a group.</Text> : <Keys key={group} group={group} current={key} />}
          </section>
          <section className={classes.column} aria-label="Value">
            {group === null || key === null ? (
              <Text c="dimmed" size="sm">Choose a key.</Text>
            ) : (
              <Value group={group} name={key} onRemoved={() => change({ key: null })} />
            )}
          </section>
        </div>
      )}
      {making && (
        <NewEntryDialog group={group ?? ''} onClose={() => setMaking(false)} onMade={(group, key) => change({ group, key }, 'push')} />
      )}
    </Page>
  )
}

function Keys({ group, current }: { group: string; current: string | null }) {
  const [text, setText] = useState('')
  const [clearing, setClearing] = useState(false)
  const { can } = useSession()
  const entries = useEntries(group)
  const all = entries.data?.pages.flatMap((page) => page.items) ?? []
  const shown = all.filter((entry) => entry.key.toLowerCase().includes(text.toLowerCase()))
  async function clear() {
    await fetchApi.DELETE('/api/state/entries', { params: { query: { group } } })
    await queryClient.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[0]).startsWith('state') })
  }
  if (entries.isPending) return <Loading rows={6} />
  if (entries.error) return <Failed error={entries.error} retry={entries.refetch} />
  const count = `${all.length.toLocaleString()}${entries.hasNextPage ? ' and more' : ''}`
  return (
    <>
      <h2 className={classes.title}>Keys of {group} ({count})</h2>
      <TextInput
        size="xs" mb="xs" aria-label="Find keys" placeholder="Find keys" value={text} onChange={(event) => setText(event.currentTarget.value)}
        leftSection={<IconSearch size={14} aria-hidden />}
      />
      <ul className={classes.list}>
        {shown.map((entry) => (
          <li key={entry.key}>
            <Link className={classes.item} to={to(group, entry.key)} aria-current={entry.key === current || undefined}>
              {entry.key}
              <span className={classes.preview}>{inShort(entry.value)}</span>
            </Link>
          </li>
        ))}
      </ul>
      {shown.length === 0 && <Text size="sm" c="dimmed">{text ? 'No key that is loaded has this in it.' : 'It is empty.'}</Text>}
      {entries.hasNextPage && <Button variant="subtle" size="compact-sm" loading={entries.isFetchingNextPage} onClick={() => void entries.fetchNextPage()}>More keys</Button>}
      {can('operate') && all.length > 0 && (
        <Button mt="xs" variant="subtle" color="gray" size="compact-sm" leftSection={<IconTrash size={14} aria-hidden />} onClick={() => setClearing(true)}>Remove the group</Button>
      )}
      <Confirm opened={clearing} onClose={() => setClearing(false)} onConfirm={clear} danger title="Remove a group" action="Remove the group">
        <Text size="sm">All {count} entries of <span className="mono">{group}</span> are gone for good.</Text>
      </Confirm>
    </>
  )
}

function Value({ group, name, onRemoved }: { group: string; name: string; onRemoved: () => void }) {
  const entry = useQuery({ queryKey: ['state entry', group, name], queryFn: () => entryNow(group, name), refetchInterval: REFRESH })
  if (entry.isPending) return <Loading rows={4} />
  if (entry.error) return <Failed error={entry.error} retry={entry.refetch} />
  if (entry.data === null) return <Empty title="There is no such entry">It may have been removed.</Empty>
  return <EntryPanel entry={entry.data} onRemoved={onRemoved} />
}

function useGroups() {
  return useInfiniteQuery({
    queryKey: ['state groups'],
    queryFn: async ({ pageParam }) => {
      const { data } = await fetchApi.GET('/api/state/groups', { params: { query: { after: pageParam, limit: 200 } } })
      return data ?? { items: [], next: null }
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: REFRESH,
  })
}

function useEntries(group: string) {
  return useInfiniteQuery({
    queryKey: ['state entries', group],
    queryFn: async ({ pageParam }) => {
      const { data } = await fetchApi.GET('/api/state/entries', { params: { query: { group, after: pageParam, limit: 200 } } })
      return data ?? { items: [], next: null }
    },
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: REFRESH,
  })
}

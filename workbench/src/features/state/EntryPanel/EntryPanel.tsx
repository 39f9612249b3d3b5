import { Button, Group, Stack, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconPencil, IconTrash } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { fetchApi, queryClient } from '@/api/client'
import { ApiError } from '@/api/errors'
import { useSession } from '@/api/session'
import { JsonEditor } from '@/components/CodeEditor/JsonEditor'
import { Confirm } from '@/components/Confirm/Confirm'
import { JsonView } from '@/components/JsonView/JsonView'
import { Failed } from '@/components/States/States'
import { When } from '@/components/When/When'
import { ConflictDialog } from '../ConflictDialog/ConflictDialog'
import { asText, type Conflict, type Entry, isConflict, read, setRequest, settle } from '../model'

export async function entryNow(group: string, key: string): Promise<Entry | null> {
  try {
    const { data } = await fetchApi.GET('/api/state/entry', { params: { query: { group, key } } })
    return data ?? null
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null
    throw error
  }
}

const readAgain = () => queryClient.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[0]).startsWith('state') })

/** One entry: its value, and changing it without losing what others write meanwhile. */
export function EntryPanel({ entry, onRemoved }: { entry: Entry; onRemoved: () => void }) {
  const { can } = useSession()
  const [base, setBase] = useState<Entry | null>(null)
  const [text, setText] = useState('')
  const [conflict, setConflict] = useState<Conflict | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [removing, setRemoving] = useState(false)
  const found = read(text)
  const where = { group: entry.group, key: entry.key }

  useEffect(() => {
    setBase(null)
    setConflict(null)
    setError(null)
  }, [entry.group, entry.key])

  async function write(seen: Entry | null, value: unknown, body = setRequest(seen, value)) {
    setError(null)
    try {
      await fetchApi.PUT('/api/state/entry', { params: { query: where }, body })
      setBase(null)
      setConflict(null)
      notifications.show({ message: `Wrote “${entry.key}”.` })
      await readAgain()
    } catch (thrown) {
      if (!isConflict(thrown)) setError(thrown)
      else setConflict({ base: seen, theirs: await entryNow(entry.group, entry.key), mine: value })
    }
  }

  async function choose(choice: 'mine' | 'theirs') {
    if (!conflict) return
    const body = settle(conflict, choice)
    setConflict(null)
    if (body) await write(conflict.theirs, conflict.mine, body)
    else {
      setBase(null)
      await readAgain()
    }
  }

  async function remove() {
    await fetchApi.DELETE('/api/state/entry', { params: { query: where } })
    await readAgain()
    onRemoved()
  }

  return (
    <Stack gap="sm">
      <Group justify="space-between" align="flex-start" wrap="nowrap">
        <div style={{ minWidth: 0 }}>
          <Text fw={600} className="mono" style={{ overflowWrap: 'anywhere' }}>{entry.key}</Text>
          <Text size="sm" c="dimmed">
            version {entry.version} · changed <When at={entry.updated_at} />
          </Text>
        </div>
        {can('operate') && !base && (
          <Group gap="xs" wrap="nowrap">
            <Button size="compact-md" variant="default" leftSection={<IconPencil size={15} aria-hidden />} onClick={() => { setBase(entry); setText(asText(entry.value)) }}>Edit</Button>
            <Button size="compact-md" variant="default" leftSection={<IconTrash size={15} aria-hidden />} onClick={() => setRemoving(true)}>Remove</Button>
          </Group>
        )}
      </Group>
      {base ? (
        <>
          <JsonEditor label={`Value of ${entry.key}`} value={text} onChange={setText} height={240} />
          {entry.version !== base.version && <Text size="sm" role="status">It has been changed since you began: version {entry.version}. You will see both when you save.</Text>}
          {error !== null && <Failed error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={() => setBase(null)}>Not now</Button>
            <Button disabled={!found.ok} onClick={() => found.ok && void write(base, found.value)}>Save</Button>
          </Group>
        </>
      ) : (
        <JsonView value={entry.value} label="Value" open={3} />
      )}
      {conflict && <ConflictDialog conflict={conflict} onSettle={(choice) => void choose(choice)} onClose={() => setConflict(null)} />}
      <Confirm opened={removing} onClose={() => setRemoving(false)} onConfirm={remove} danger title="Remove an entry" action="Remove">
        <Text size="sm">The entry <span className="mono">{entry.key}</span> of <span className="mono">{entry.group}</span> is gone for good. Steps that read it find nothing.</Text>
      </Confirm>
    </Stack>
  )
}

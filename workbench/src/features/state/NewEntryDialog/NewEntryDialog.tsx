import { Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { fetchApi, queryClient } from '@/api/client'
import { JsonEditor } from '@/components/CodeEditor/JsonEditor'
import { Confirm } from '@/components/Confirm/Confirm'
import { read, setRequest } from '../model'

interface NewEntryDialogProps {
  group: string
  onClose: () => void
  onMade: (group: string, key: string) => void
}

/** Makes an entry where there is none. */
export function NewEntryDialog({ group: given, onClose, onMade }: NewEntryDialogProps) {
  const [group, setGroup] = useState(given)
  const [key, setKey] = useState('')
  const [text, setText] = useState('{}')
  const found = read(text)
  async function make() {
    if (!found.ok) return
    await fetchApi.PUT('/api/state/entry', { params: { query: { group, key } }, body: setRequest(null, found.value) })
    await queryClient.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[0]).startsWith('state') })
    onMade(group, key)
  }
  return (
    <Confirm opened onClose={onClose} onConfirm={make} title="New entry" action="Make it" size="lg" disabled={!found.ok || !group || !key}>
      <Stack gap="sm">
        <Text size="sm">Steps read it with <span className="mono">ctx.state.get(group, key)</span>. An entry that is there already is left as it is.</Text>
        <TextInput label="Group" value={group} onChange={(event) => setGroup(event.currentTarget.value)} required />
        <TextInput label="Key" value={key} onChange={(event) => setKey(event.currentTarget.value)} required data-autofocus />
        <div>
          <Text size="sm" fw={500} mb={4}>Value</Text>
          <JsonEditor label="Value" value={text} onChange={setText} height={140} />
          {!found.ok && <Text size="sm" role="status">{found.problem}</Text>}
        </div>
      </Stack>
    </Confirm>
  )
}

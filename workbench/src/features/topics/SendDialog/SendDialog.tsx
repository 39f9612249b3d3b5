import { SegmentedControl, Stack, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import { fetchApi } from '@/api/client'
import { JsonEditor } from '@/components/CodeEditor/JsonEditor'
import { Confirm } from '@/components/Confirm/Confirm'
import { SchemaForm } from '@/components/SchemaForm/SchemaForm'
import type { Json, JsonSchema } from '@/components/SchemaForm/schema'
import type { Topic } from '../model'

/** Emits a message on a topic, as somebody outside would. */
export function SendDialog({ topic, onClose }: { topic: Topic; onClose: () => void }) {
  const schema = (topic.message ?? undefined) as JsonSchema | undefined
  const [as, setAs] = useState<'form' | 'json'>(schema ? 'form' : 'json')
  const [value, setValue] = useState<Json | undefined>(schema ? undefined : {})
  const [text, setText] = useState('{}')
  const parsed = as === 'json' ? parse(text) : { ok: true as const, value: value ?? null }

  function change(next: string) {
    if (next === 'json') setText(JSON.stringify(value ?? {}, null, 2))
    else if (parsed.ok) setValue(parsed.value)
    setAs(next === 'json' ? 'json' : 'form')
  }

  async function send() {
    if (!parsed.ok) return
    const { data } = await fetchApi.POST('/topics/{topic}', { params: { path: { topic: topic.name } }, body: parsed.value as never })
    const runs = data?.runs.length ?? 0
    const reached = data?.reached?.length ?? 0
    notifications.show({ message: `Sent: ${runs === 1 ? 'one run begins' : `${runs} runs begin`}${reached > 0 ? `, ${reached} that waited got it` : ''}.` })
  }

  return (
    <Confirm opened onClose={onClose} onConfirm={send} title={`Send a message on ${topic.name}`} action="Send" size="lg" disabled={!parsed.ok}>
      <Stack gap="sm">
        <Text size="sm">A run begins in each flow that subscribes, and runs that wait for it get it.</Text>
        {schema && (
          <SegmentedControl aria-label="Edit as" data={[{ value: 'form', label: 'Form' }, { value: 'json', label: 'JSON' }]} value={as} onChange={change} style={{ alignSelf: 'flex-start' }} />
        )}
        {as === 'form' && schema ? (
          <SchemaForm schema={schema} value={value} onChange={setValue} />
        ) : (
          <JsonEditor label="Message" value={text} onChange={setText} schema={schema} height={200} />
        )}
      </Stack>
    </Confirm>
  )
}

function parse(text: string): { ok: true; value: Json } | { ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) as Json }
  } catch {
    return { ok: false }
  }
}

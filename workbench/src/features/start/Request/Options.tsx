import { Radio, SimpleGrid, Stack, Switch, TextInput } from '@mantine/core'
import { fromLocal, toLocal } from '@/components/SchemaForm/moments'
import type { Draft, Trigger } from '../model'

interface OptionsProps {
  trigger: Trigger
  draft: Draft
  onChange: (draft: Draft) => void
}

/** When the run starts, whether its answer is waited for, and who sends it. */
export function Options({ trigger, draft, onChange }: OptionsProps) {
  const set = (change: Partial<Draft>) => onChange({ ...draft, ...change })
  return (
    <Stack gap="md">
      {trigger.answers ? (
        <Radio.Group
          label="The answer"
          value={draft.waits ? 'wait' : 'forget'}
          onChange={(value) => set({ waits: value === 'wait' })}
        >
          <Stack gap={6} mt={6}>
            <Radio size="sm" value="wait" label="Wait for it" />
            <Radio size="sm" value="forget" label="Fire and forget: the run's id comes at once" />
          </Stack>
        </Radio.Group>
      ) : null}
      {trigger.kind === 'call' ? (
        <Switch
          label="Call as myself"
          description={`Who may: ${trigger.access_words}. Otherwise the call is anonymous, or made with the key in its headers.`}
          checked={draft.asMyself}
          onChange={(event) => set({ asMyself: event.currentTarget.checked })}
        />
      ) : null}
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput
          label="Start after"
          description="A duration: 90s, 10m, 2h, or PT10M"
          placeholder="at once"
          disabled={draft.at !== ''}
          value={draft.after}
          onChange={(event) => set({ after: event.currentTarget.value })}
        />
        <TextInput
          label="Start at"
          description="A moment, by this device's clock"
          type="datetime-local"
          disabled={draft.after !== ''}
          value={toLocal(draft.at).slice(0, 16)}
          onChange={(event) => set({ at: fromLocal(event.currentTarget.value) })}
        />
      </SimpleGrid>
      <TextInput
        label="Idempotency key"
        description="Sent again with the same key, the first run and its answer come back"
        placeholder="none"
        value={draft.key}
        onChange={(event) => set({ key: event.currentTarget.value })}
      />
    </Stack>
  )
}

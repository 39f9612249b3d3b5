import { Checkbox, Group, SegmentedControl, Select, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { IconSearch } from '@tabler/icons-react'
import { useState } from 'react'
import { $api } from '@/api/client'
import { useSession } from '@/api/session'
import type { Filters } from '../model'
import classes from './InboxFilters.module.css'

/** Which tasks are shown. */
export function InboxFilters({ filters, onChange }: { filters: Filters; onChange: (filters: Filters) => void }) {
  const { session } = useSession()
  const flows = $api.useQuery('get', '/api/flows')
  const set = (some: Partial<Filters>) => onChange({ ...filters, ...some })
  return (
    <Group className={classes.filters} gap="xs" role="search" aria-label="Filter tasks">
      {session?.kind !== 'user' && (
        // Others see nobody else's tasks.
        <SegmentedControl
          aria-label="Whose tasks"
          value={filters.mine ? 'me' : 'all'}
          data={[
            { value: 'all', label: 'Everybody’s' },
            { value: 'me', label: 'For me' },
          ]}
          onChange={(whose) => set({ mine: whose === 'me' })}
        />
      )}
      <SegmentedControl
        aria-label="Open or closed"
        value={filters.status}
        data={[
          { value: 'open', label: 'Open' },
          { value: 'closed', label: 'Closed' },
        ]}
        onChange={(status) => set({ status: status === 'closed' ? 'closed' : 'open', overdue: false })}
      />
      <Select
        aria-label="Flow"
        placeholder="Any flow"
        clearable
        searchable
        w={190}
        value={filters.flow}
        data={(flows.data ?? []).map((flow) => ({ value: flow.id, label: flow.name }))}
        onChange={(flow) => set({ flow })}
        clearButtonProps={{ 'aria-label': 'Any flow' }}
      />
      <Typed label="Role" value={filters.role} onChange={(role) => set({ role })} />
      <Typed label="Assigned to" value={filters.assignee} onChange={(assignee) => set({ assignee })} />
      <Typed label="Search" icon value={filters.text} onChange={(text) => set({ text })} />
      {filters.status === 'open' && (
        <Checkbox
          label="Only overdue"
          checked={filters.overdue}
          onChange={(event) => set({ overdue: event.currentTarget.checked })}
        />
      )}
    </Group>
  )
}

interface TypedProps {
  label: string
  icon?: boolean
  value: string | null
  onChange: (value: string | null) => void
}

/** A filter that is typed, and applied when somebody stops to. */
function Typed({ label, icon = false, value, onChange }: TypedProps) {
  const [text, setText] = useState(value ?? '')
  const apply = useDebouncedCallback((next: string) => onChange(next.trim() || null), 300)
  return (
    <TextInput
      aria-label={label}
      placeholder={label}
      w={150}
      value={text}
      leftSection={icon ? <IconSearch size={15} aria-hidden /> : null}
      onChange={(event) => {
        setText(event.currentTarget.value)
        apply(event.currentTarget.value)
      }}
    />
  )
}

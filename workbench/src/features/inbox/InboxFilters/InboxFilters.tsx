import { Checkbox, Group, SegmentedControl, Select } from '@mantine/core'
import { $api } from '@/api/client'
import { useSession } from '@/api/session'
import { FilterText } from '@/components/FilterText/FilterText'
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
      <FilterText label="Role" width={150} value={filters.role ?? ''} onChange={(role) => set({ role: role || null })} />
      <FilterText label="Assigned to" width={150} value={filters.assignee ?? ''} onChange={(assignee) => set({ assignee: assignee || null })} />
      <FilterText search label="Search" width={150} value={filters.text ?? ''} onChange={(text) => set({ text: text || null })} />
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

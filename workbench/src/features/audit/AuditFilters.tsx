import { Button, Group, SegmentedControl, Select } from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import { $api } from '@/api/client'
import { FilterText } from '@/components/FilterText/FilterText'
import { useUrl } from '@/components/useUrl'
import { ACTIONS, FILTERS } from './model'

/** Chooses entries of the audit; the address says which. */
export function AuditFilters() {
  const { params, change } = useUrl()
  const flows = $api.useQuery('get', '/api/flows')
  const chosen = FILTERS.some((name) => params.get(name))
  const run = params.get('run_id')
  return (
    <Group gap="sm" align="flex-end" mb="md">
      <SegmentedControl
        aria-label="What to show"
        data={[
          { value: '', label: 'All' },
          { value: 'done', label: 'Done' },
          { value: 'refused', label: 'Refused' },
        ]}
        value={params.get('kind') ?? ''}
        onChange={(kind) => change({ kind })}
      />
      <FilterText label="Who" placeholder="Who: name of a user or key" width={220} value={params.get('who') ?? ''} onChange={(who) => change({ who })} />
      <Select
        aria-label="What it was about"
        placeholder="What"
        clearable
        w={190}
        data={ACTIONS}
        value={params.get('action')}
        onChange={(action) => change({ action })}
      />
      <Select
        aria-label="Flow"
        placeholder="Flow"
        clearable
        searchable
        w={200}
        data={(flows.data ?? []).map((flow) => ({ value: flow.id, label: flow.name }))}
        value={params.get('flow')}
        onChange={(flow) => change({ flow })}
      />
      {run && (
        <Button
          variant="light"
          rightSection={<IconX size={14} aria-hidden />}
          aria-label={`Show other runs than ${run} too`}
          onClick={() => change({ run_id: null })}
        >
          Run {run.slice(0, 12)}
        </Button>
      )}
      {chosen && (
        <Button
          variant="subtle"
          color="gray"
          onClick={() => change(Object.fromEntries(FILTERS.map((name) => [name, null])))}
        >
          Clear
        </Button>
      )}
    </Group>
  )
}

import { ActionIcon, Button, Group, MultiSelect, Select, Tooltip } from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import { $api, type Api } from '@/api/client'
import { FilterText } from '@/components/FilterText/FilterText'
import { lookOf } from '@/components/StatusBadge/StatusBadge'
import { isNarrow, type RunFilters as Filters, SINCE, STATUSES } from '../filters'
import classes from './RunFilters.module.css'

interface RunFiltersProps {
  filters: Filters
  counts: Api['RunCounts'] | undefined
  onChange: (changes: Partial<Filters>) => void
}

const TRIGGERS = [
  { value: 'api', label: 'Requests' },
  { value: 'event', label: 'Messages' },
  { value: 'cron', label: 'Schedules' },
  { value: 'call', label: 'Calls' },
  { value: 'flow', label: 'Other flows' },
  { value: 'operator', label: 'By hand' },
  { value: 'fork', label: 'Forks' },
]

/** Which runs are listed. */
export function RunFilters({ filters, counts, onChange }: RunFiltersProps) {
  const flows = $api.useQuery('get', '/api/flows')
  const triggers = TRIGGERS.some((each) => each.value === filters.trigger) || !filters.trigger
    ? TRIGGERS
    : [...TRIGGERS, { value: filters.trigger, label: filters.trigger }]
  return (
    <div className={classes.filters} role="search" aria-label="Filter runs">
      <Statuses chosen={filters.status} counts={counts} onChange={(status) => onChange({ status })} />
      <Group gap="xs" className={classes.fields}>
        <MultiSelect
          aria-label="Flows"
          placeholder={filters.flow.length > 0 ? '' : 'Any flow'}
          searchable
          clearable
          className={classes.flows}
          value={filters.flow}
          data={(flows.data ?? []).map((flow) => ({ value: flow.id, label: flow.name }))}
          onChange={(flow) => onChange({ flow })}
          clearButtonProps={{ 'aria-label': 'Any flow' }}
        />
        <Select
          aria-label="Trigger"
          placeholder="Any trigger"
          clearable
          w={150}
          value={filters.trigger || null}
          data={triggers}
          onChange={(trigger) => onChange({ trigger: trigger ?? '' })}
          clearButtonProps={{ 'aria-label': 'Any trigger' }}
        />
        <Select
          aria-label="When they started"
          placeholder="Any time"
          clearable
          w={150}
          value={filters.since || null}
          data={Object.entries(SINCE).map(([value, { label }]) => ({ value, label }))}
          onChange={(since) => onChange({ since: since ?? '' })}
          clearButtonProps={{ 'aria-label': 'Any time' }}
        />
        <FilterText label="Version" value={filters.version} width={140} onChange={(version) => onChange({ version })} />
        <FilterText label="Part of an id" search value={filters.text} width={210} onChange={(text) => onChange({ text })} />
        {isNarrow(filters) && (
          <Tooltip label="Show all runs">
            <ActionIcon
              variant="subtle"
              color="gray"
              size="lg"
              aria-label="Show all runs"
              onClick={() => onChange({ flow: [], status: [], trigger: '', version: '', since: '', text: '' })}
            >
              <IconX size={16} aria-hidden />
            </ActionIcon>
          </Tooltip>
        )}
      </Group>
    </div>
  )
}

function Statuses({ chosen, counts, onChange }: { chosen: string[]; counts: Api['RunCounts'] | undefined; onChange: (status: string[]) => void }) {
  return (
    <div className={classes.statuses} role="group" aria-label="Statuses">
      <Button size="compact-sm" radius="xl" variant={chosen.length === 0 ? 'filled' : 'default'} aria-pressed={chosen.length === 0} onClick={() => onChange([])}>
        All
      </Button>
      {STATUSES.map((status) => {
        const { word, icon: Icon, tone } = lookOf(status)
        const on = chosen.includes(status)
        const count = counts?.[status] ?? 0
        return (
          <Button
            key={status}
            size="compact-sm"
            radius="xl"
            variant={on ? 'filled' : 'default'}
            aria-pressed={on}
            leftSection={<Icon size={14} aria-hidden />}
            className={classes.status}
            data-tone={on ? undefined : tone}
            onClick={() => onChange(on ? chosen.filter((each) => each !== status) : [...chosen, status])}
          >
            {word}
            <span className={classes.count} aria-label={`${count} runs`}>{count > 0 ? compact.format(count) : ''}</span>
          </Button>
        )
      })}
    </div>
  )
}

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

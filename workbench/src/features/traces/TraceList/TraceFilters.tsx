import { Autocomplete, Button, Select, Switch } from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import { $api, type Api } from '@/api/client'
import { FilterText } from '@/components/FilterText/FilterText'
import type { Filters } from '../filters'
import classes from './TraceList.module.css'

const LENGTHS = [
  { value: '0.01', label: '10 ms or longer' },
  { value: '0.1', label: '100 ms or longer' },
  { value: '1', label: '1 s or longer' },
  { value: '10', label: '10 s or longer' },
  { value: '60', label: '1 min or longer' },
]

interface TraceFiltersProps {
  filters: Filters
  /** The traces that are shown: their services are offered. */
  items: readonly Api['TraceItem'][]
  onChange: (filters: Filters) => void
}

/** Which traces are shown. */
export function TraceFilters({ filters, items, onChange }: TraceFiltersProps) {
  const flows = $api.useQuery('get', '/api/flows')
  const services = [...new Set(items.flatMap((item) => item.services.map((service) => service.name)))].filter(Boolean).sort()
  const set = <K extends keyof Filters>(name: K, value: Filters[K] | undefined) => {
    const { [name]: _, ...rest } = filters
    onChange(value ? { ...rest, [name]: value } : rest)
  }
  const seconds = filters.min_seconds === undefined ? null : String(filters.min_seconds)
  return (
    <div className={classes.filters} role="search" aria-label="Filter the traces">
      <FilterText search label="Name of a span" value={filters.name ?? ''} onChange={(value) => set('name', value)} />
      <Select
        aria-label="Flow"
        placeholder="Any flow"
        size="sm"
        clearable
        searchable
        data={(flows.data ?? []).map((flow) => ({ value: flow.id, label: flow.name }))}
        value={filters.flow ?? null}
        onChange={(value) => set('flow', value ?? undefined)}
      />
      <Autocomplete
        aria-label="Service"
        placeholder="Any service"
        size="sm"
        data={services}
        value={filters.service ?? ''}
        onChange={(value) => set('service', value)}
      />
      <Select
        aria-label="How long it took"
        placeholder="Any length"
        size="sm"
        clearable
        data={seconds === null || LENGTHS.some((each) => each.value === seconds) ? LENGTHS : [...LENGTHS, { value: seconds, label: `${seconds} s or longer` }]}
        value={seconds}
        onChange={(value) => set('min_seconds', value === null ? undefined : Number(value))}
      />
      <Switch
        label="Only with errors"
        checked={filters.failed ?? false}
        onChange={(event) => set('failed', event.currentTarget.checked)}
      />
      {filters.run_id && (
        <Button
          size="compact-sm"
          variant="light"
          rightSection={<IconX size={14} aria-hidden />}
          onClick={() => set('run_id', undefined)}
        >
          run {filters.run_id.slice(0, 8)}
        </Button>
      )}
    </div>
  )
}

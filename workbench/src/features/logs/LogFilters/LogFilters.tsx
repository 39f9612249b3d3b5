import { Group, SegmentedControl, Select } from '@mantine/core'
import { $api } from '@/api/client'
import { FilterText } from '@/components/FilterText/FilterText'
import { LEVELS, type LogQuery } from '../model'

interface LogFiltersProps {
  query: LogQuery
  onChange: (changes: Record<string, string | null>) => void
}

/** What is wanted: by flow, step, level, run and text. */
export function LogFilters({ query, onChange }: LogFiltersProps) {
  const flows = $api.useQuery('get', '/api/flows').data ?? []
  const flow = $api.useQuery('get', '/api/flows/{flow}', { params: { path: { flow: query.flow } } }, { enabled: query.flow !== '' })
  return (
    <Group gap="xs" role="search" aria-label="Filter the logs">
      <FilterText search label="Text in messages and fields" placeholder="Find text" value={query.text} onChange={(text) => onChange({ text })} width={220} />
      <Select
        aria-label="Flow" placeholder="All flows" clearable searchable w={180}
        data={flows.map((each) => ({ value: each.id, label: each.name }))}
        value={query.flow || null} onChange={(value) => onChange({ flow: value, step: null })}
        clearButtonProps={{ 'aria-label': 'All flows' }}
      />
      {query.flow && (
        <Select
          aria-label="Step" placeholder="All steps" clearable searchable w={190}
          data={(flow.data?.graph.nodes ?? []).filter((node) => node.kind !== 'noop').map((node) => ({ value: node.id, label: node.name }))}
          value={query.step || null} onChange={(step) => onChange({ step })}
          clearButtonProps={{ 'aria-label': 'All steps' }}
        />
      )}
      <Select
        aria-label="Level" placeholder="All levels" clearable w={140}
        data={LEVELS.map((level) => ({ value: level, label: level === 'error' ? 'error' : `${level} and above` }))}
        value={query.level || null} onChange={(level) => onChange({ level })}
        clearButtonProps={{ 'aria-label': 'All levels' }}
      />
      <FilterText search label="Run" placeholder="Run id" value={query.run} onChange={(run) => onChange({ run })} width={150} />
      <SegmentedControl
        aria-label="What is shown"
        data={[{ value: '', label: 'All' }, { value: 'logged', label: 'Logged lines' }]}
        value={query.logged ? 'logged' : ''} onChange={(show) => onChange({ show })}
      />
    </Group>
  )
}

import { CloseButton, Group, SegmentedControl, Select, TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { $api } from '@/api/client'
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
      <LateText label="Text in messages and fields" placeholder="Find text" value={query.text} onChange={(text) => onChange({ text })} width={220} />
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
      <LateText label="Run" placeholder="Run id" value={query.run} onChange={(run) => onChange({ run: run.trim() })} width={150} />
      <SegmentedControl
        aria-label="What is shown"
        data={[{ value: '', label: 'All' }, { value: 'logged', label: 'Logged lines' }]}
        value={query.logged ? 'logged' : ''} onChange={(show) => onChange({ show })}
      />
    </Group>
  )
}

/** A field whose text counts once nobody has typed for a moment. */
function LateText({ label, placeholder, value, onChange, width }: {
  label: string
  placeholder: string
  value: string
  onChange: (text: string) => void
  width: number
}) {
  const [text, setText] = useState(value)
  useEffect(() => setText(value), [value])
  useEffect(() => {
    if (text === value) return
    const timer = setTimeout(() => onChange(text), 300)
    return () => clearTimeout(timer)
    // `onChange` is another function with every drawing.
  }, [text, value])
  return (
    <TextInput
      aria-label={label} placeholder={placeholder} w={width} value={text} maxLength={200}
      onChange={(event) => setText(event.currentTarget.value)}
      leftSection={<IconSearch size={15} aria-hidden />}
      rightSection={text && <CloseButton size="sm" aria-label={`No ${label.toLowerCase()}`} onClick={() => onChange('')} />}
    />
  )
}

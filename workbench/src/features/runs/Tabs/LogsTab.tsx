import { Group, Select, Switch, Text } from '@mantine/core'
import { useMemo, useState } from 'react'
import { useUrl } from '@/components/useUrl'
import { Empty, Failed, Loading } from '@/components/States/States'
import { LogList } from '@/features/logs/LogList'
import { LEVELS, type LogQuery } from '@/features/logs/model'
import { useLogs } from '@/features/logs/useLogs'
import type { Run } from '../words'

/** What the run did and logged: all together, or of one step. */
export function LogsTab({ run }: { run: Run }) {
  const { params, change } = useUrl()
  const [paused, setPaused] = useState(false)
  const query: LogQuery = {
    flow: run.flow,
    run: run.run_id,
    step: params.get('step') ?? '',
    level: LEVELS.find((each) => each === params.get('level')) ?? '',
    text: '',
    logged: params.get('show') === 'logged',
  }
  const { lines, error, looking, older, retry, waiting } = useLogs(query, paused)
  const names = useMemo(() => new Map(run.deliveries.map((each) => [each.step, each.name])), [run.deliveries])
  return (
    <>
      <Group gap="xs" mb="sm" role="search" aria-label="Filter the log">
        <Select
          aria-label="Step"
          placeholder="Any step"
          clearable
          w={240}
          value={query.step || null}
          data={[...names].map(([value, label]) => ({ value, label }))}
          onChange={(step) => change({ step })}
          clearButtonProps={{ 'aria-label': 'Any step' }}
        />
        <Select
          aria-label="Level"
          w={160}
          value={query.level || 'debug'}
          data={[
            { value: 'debug', label: 'Everything' },
            { value: 'info', label: 'Info and worse' },
            { value: 'warn', label: 'Warnings and errors' },
            { value: 'error', label: 'Errors' },
          ]}
          onChange={(level) => change({ level: level === 'debug' ? null : level })}
        />
        <Switch label="Only what handlers logged" checked={query.logged} onChange={(event) => change({ show: event.currentTarget.checked ? 'logged' : null })} />
        <Switch label="Paused" checked={paused} onChange={(event) => setPaused(event.currentTarget.checked)} />
        {waiting > 0 && <Text size="sm" c="dimmed">{waiting} more came</Text>}
      </Group>
      {lines === null ? (
        error ? <Failed error={error} retry={retry} /> : <Loading rows={8} label="Loading the log" />
      ) : lines.entries.length === 0 ? (
        <Empty title="Nothing was logged">
          Handlers log with <code>ctx.logger.info("…")</code>; it appears here at once.
        </Empty>
      ) : (
        <LogList lines={lines} looking={looking} stepNames={names} onOlder={older} />
      )}
    </>
  )
}

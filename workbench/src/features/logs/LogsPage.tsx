import { Button, Group } from '@mantine/core'
import { IconDownload, IconFileSearch, IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import { $api } from '@/api/client'
import { Page } from '@/components/Page/Page'
import { Empty, Failed, Loading } from '@/components/States/States'
import { useUrl } from '@/components/useUrl'
import { LogFilters } from './LogFilters/LogFilters'
import { LogList } from './LogList'
import { asJsonLines, type Lines, queryOf } from './model'
import { useLogs } from './useLogs'

/** What all runs do and log, as it happens, and as far back as the journal goes. */
export function Component() {
  const { params, change } = useUrl()
  const query = queryOf(params)
  const [paused, setPaused] = useState(false)
  const { lines, error, looking, waiting, retry, older } = useLogs(query, paused)
  const stepNames = useStepNames(query.flow)
  const filtered = Object.values(query).some(Boolean)
  return (
    <Page
      full
      title="Logs"
      actions={
        <Group gap="xs">
          <Button
            variant="default"
            aria-pressed={paused}
            leftSection={paused ? <IconPlayerPlay size={16} aria-hidden /> : <IconPlayerPause size={16} aria-hidden />}
            onClick={() => setPaused(!paused)}
          >
            {paused ? `Resume${waiting > 0 ? ` (${waiting.toLocaleString()} new)` : ''}` : 'Pause'}
          </Button>
          <Button
            variant="default"
            leftSection={<IconDownload size={16} aria-hidden />}
            disabled={!lines || lines.entries.length === 0}
            onClick={() => lines && download(lines)}
          >
            Download
          </Button>
        </Group>
      }
    >
      <LogFilters query={query} onChange={change} />
      {error !== null && <Failed error={error} retry={retry} title="The logs could not be read" />}
      {lines === null && error === null && <Loading rows={14} label="Loading the logs" />}
      {lines !== null && lines.entries.length > 0 && (
        <LogList key={JSON.stringify(query)} lines={lines} looking={looking} stepNames={stepNames} onOlder={older} />
      )}
      {lines !== null && lines.entries.length === 0 && (
        <Nothing filtered={filtered} looking={looking} more={lines.before !== null} onOlder={older} />
      )}
    </Page>
  )
}

function Nothing({ filtered, looking, more, onOlder }: { filtered: boolean; looking: boolean; more: boolean; onOlder: () => void }) {
  if (looking) return <Empty title="Looking through the journal…">Nothing found yet that fits.</Empty>
  return (
    <Empty
      title={filtered ? 'Nothing fits these filters' : 'Nothing has been logged yet'}
      icon={<IconFileSearch size={32} aria-hidden />}
      action={more && <Button variant="default" onClick={onOlder}>Look further back</Button>}
    >
      {filtered ? 'What fits appears here as it happens.' : 'Start a run: what its steps do and log appears here as it happens.'}
    </Empty>
  )
}

/** What steps are called, where the flow is known. */
function useStepNames(flow: string): ReadonlyMap<string, string> {
  const found = $api.useQuery('get', '/api/flows/{flow}', { params: { path: { flow } } }, { enabled: flow !== '' })
  const nodes = found.data?.graph.nodes
  return useMemo(() => new Map((nodes ?? []).map((node) => [node.id, node.name])), [nodes])
}

function download(lines: Lines) {
  const url = URL.createObjectURL(new Blob([asJsonLines(lines.entries)], { type: 'application/jsonl' }))
  const link = document.createElement('a')
  link.href = url
  link.download = `logs-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}.jsonl`
  link.click()
  URL.revokeObjectURL(url)
}

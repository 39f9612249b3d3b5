import { Anchor, Button, Group, Modal, ScrollArea, Select, SimpleGrid, Stack, Table, Text, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import { Link } from 'react-router'
import { type Api, fetchApi } from '@/api/client'
import { runPath } from '@/app/paths'
import { Failed } from '@/components/States/States'
import { StatusBadge } from '@/components/StatusBadge/StatusBadge'
import { backfillWords, fieldOf, inZone, momentOf, OVERLAPS, type Overlap, rangeProblem, type Schedule, viewersZone } from '../model'
import { readAgain } from '../ScheduleCard/dialogs'

const DAY = 86_400_000

/** Makes up for ticks without a run: first lists them, then starts their runs. */
export function BackfillDialog({ schedule, onClose }: { schedule: Schedule; onClose: () => void }) {
  const [since, setSince] = useState(() => fieldOf(new Date(Date.now() - DAY)))
  const [until, setUntil] = useState(() => fieldOf(new Date()))
  const [overlap, setOverlap] = useState<Overlap>('buffer_all')
  const [found, setFound] = useState<Api['Backfill'] | null>(null)
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const problem = rangeProblem(since, until, new Date(Date.now() + 60_000))
  const ticks = found?.ticks ?? []
  const missing = ticks.filter((tick) => !tick.run_id).length

  async function ask(dry_run: boolean) {
    const [from, to] = [momentOf(since), momentOf(until)]
    if (from === null || to === null) return
    setBusy(true)
    setError(null)
    try {
      const { data } = await fetchApi.POST('/api/schedules/{flow}/{step}/backfill', {
        params: { path: { flow: schedule.flow, step: schedule.step } },
        body: { since: from, until: to, overlap, dry_run },
      })
      if (dry_run) setFound(data ?? null)
      else {
        const started = data?.started ?? 0
        notifications.show({ message: started === 1 ? 'One run is being started.' : `${started} runs are being started.` })
        await readAgain()
        onClose()
      }
    } catch (thrown) {
      setError(thrown)
    } finally {
      setBusy(false)
    }
  }

  const change = (set: (text: string) => void) => (event: React.ChangeEvent<HTMLInputElement>) => {
    set(event.currentTarget.value)
    setFound(null)
  }
  return (
    <Modal opened onClose={onClose} size="lg" title={`Make up for missed ticks of “${schedule.name}”`} closeButtonProps={{ 'aria-label': 'Close' }}>
      <Stack>
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <TextInput type="datetime-local" label="From" description={viewersZone()} value={since} onChange={change(setSince)} />
          <TextInput type="datetime-local" label="To" description={viewersZone()} value={until} onChange={change(setUntil)} />
        </SimpleGrid>
        <Select
          label="When the run of the tick before is still going" data={[...OVERLAPS]} value={overlap}
          onChange={(value) => value && setOverlap(value as Overlap)}
        />
        {problem && <Text size="sm" role="alert">{problem}</Text>}
        {error !== null && <Failed error={error} />}
        {found && (
          <>
            <Text role="status">{backfillWords(ticks)}</Text>
            {ticks.length > 0 && <Ticks ticks={ticks} schedule={schedule} />}
          </>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>Not now</Button>
          {found && missing > 0 ? (
            <Button loading={busy} onClick={() => void ask(false)}>{missing === 1 ? 'Start the run' : `Start ${missing} runs`}</Button>
          ) : (
            <Button loading={busy} disabled={problem !== null} onClick={() => void ask(true)}>List the ticks</Button>
          )}
        </Group>
      </Stack>
    </Modal>
  )
}

function Ticks({ ticks, schedule }: { ticks: readonly Api['TickView'][]; schedule: Schedule }) {
  return (
    <ScrollArea.Autosize mah={260} viewportProps={{ tabIndex: 0, 'aria-label': 'Ticks', role: 'region' }}>
      <Table verticalSpacing={4} withRowBorders={false}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Tick ({schedule.time_zone})</Table.Th>
            <Table.Th>Its run</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {ticks.map((tick) => (
            <Table.Tr key={tick.at}>
              <Table.Td>{inZone(tick.at, schedule.time_zone)}</Table.Td>
              <Table.Td>
                {tick.run_id ? (
                  <Group gap="sm">
                    <StatusBadge bare status={tick.status ?? 'completed'} />
                    <Anchor component={Link} size="sm" to={runPath(schedule.flow, tick.run_id)}>Look at it</Anchor>
                  </Group>
                ) : (
                  <Text size="sm">None: it is started</Text>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea.Autosize>
  )
}

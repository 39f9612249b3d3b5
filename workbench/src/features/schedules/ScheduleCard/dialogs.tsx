import { Text, TextInput } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import { fetchApi, queryClient } from '@/api/client'
import { Confirm } from '@/components/Confirm/Confirm'
import { inZone, type Schedule } from '../model'

interface DialogProps {
  schedule: Schedule
  opened: boolean
  onClose: () => void
}

/** Reads the schedules again, now that one has changed. */
export const readAgain = () => queryClient.invalidateQueries({ queryKey: ['get', '/api/schedules'] })

/** Pauses a schedule, or lets it tick again, with a note for others. */
export function PauseDialog({ schedule, opened, onClose }: DialogProps) {
  const [note, setNote] = useState('')
  const path = { flow: schedule.flow, step: schedule.step }
  const body = { note }
  async function confirm() {
    if (schedule.paused) await fetchApi.POST('/api/schedules/{flow}/{step}/resume', { params: { path }, body })
    else await fetchApi.POST('/api/schedules/{flow}/{step}/pause', { params: { path }, body })
    setNote('')
    await readAgain()
  }
  return (
    <Confirm
      opened={opened} onClose={onClose} onConfirm={confirm}
      title={schedule.paused ? `Resume “${schedule.name}”` : `Pause “${schedule.name}”`}
      action={schedule.paused ? 'Resume' : 'Pause'}
    >
      <Text size="sm" mb="sm">
        {schedule.paused
          ? 'It ticks again from now on. Ticks that passed meanwhile are not made up for by themselves.'
          : 'It does not tick until somebody resumes it. Runs that are going on are not touched.'}
      </Text>
      <TextInput label="Note" description="Why, for others. Seen by everybody who sees the schedule." value={note} maxLength={500} onChange={(event) => setNote(event.currentTarget.value)} data-autofocus />
    </Confirm>
  )
}

/** Ticks at once. */
export function TriggerDialog({ schedule, opened, onClose }: DialogProps) {
  async function confirm() {
    await fetchApi.POST('/api/schedules/{flow}/{step}/trigger', { params: { path: { flow: schedule.flow, step: schedule.step } } })
    notifications.show({ message: `“${schedule.name}” ticks now.` })
    await readAgain()
  }
  const next = schedule.next_ticks?.[0]
  return (
    <Confirm opened={opened} onClose={onClose} onConfirm={confirm} title={`Tick “${schedule.name}” now`} action="Tick now">
      <Text size="sm">
        A run of <span className="mono">{schedule.flow}</span> begins now, as if it were time.
        {next && !schedule.paused && ` The next tick stays at ${inZone(next, schedule.time_zone)}.`}
      </Text>
    </Confirm>
  )
}

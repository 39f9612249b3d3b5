import { Stack, TagsInput, Text } from '@mantine/core'
import { useState } from 'react'
import { fetchApi } from '@/api/client'
import { Confirm } from '@/components/Confirm/Confirm'
import type { TaskDetail } from '../model'

interface ReassignProps {
  task: TaskDetail
  by: string
  opened: boolean
  onClose: () => void
  onDone: () => Promise<unknown>
}

/** Says anew who may answer. */
export function Reassign({ task, by, opened, onClose, onDone }: ReassignProps) {
  const [assignees, setAssignees] = useState(task.assignees)
  const [roles, setRoles] = useState(task.roles)

  async function reassign() {
    await fetchApi.POST('/api/tasks/{task_id}/reassign', {
      params: { path: { task_id: task.id } },
      body: { assignees, roles, by },
    })
    await onDone()
  }

  return (
    <Confirm opened={opened} onClose={onClose} title="Who may answer" action="Reassign" onConfirm={reassign}>
      <Stack gap="sm">
        <Text size="sm">
          Whoever is named here, or has one of the roles, may answer from now on. Answers that were given stay. With
          nobody named, anybody may.
        </Text>
        <TagsInput
          label="People"
          description="As they sign in; Enter after each."
          value={assignees}
          onChange={setAssignees}
          data-autofocus
        />
        <TagsInput label="Roles" description="Enter after each." value={roles} onChange={setRoles} />
      </Stack>
    </Confirm>
  )
}

import { Button, Group, Modal, Stack, Text, Title } from '@mantine/core'
import { JsonView } from '@/components/JsonView/JsonView'
import { When } from '@/components/When/When'
import { type Conflict } from '../model'
import classes from '../StatePage.module.css'

interface ConflictDialogProps {
  conflict: Conflict
  onSettle: (choice: 'mine' | 'theirs') => void
  onClose: () => void
}

/** Somebody wrote the entry meanwhile: shows theirs and mine, and lets one choose. */
export function ConflictDialog({ conflict, onSettle, onClose }: ConflictDialogProps) {
  const { theirs, mine } = conflict
  return (
    <Modal opened onClose={onClose} size="xl" title="Somebody changed this entry meanwhile" closeButtonProps={{ 'aria-label': 'Go on editing' }}>
      <Stack>
        <Text size="sm">Nothing has been written. Choose which of the two stays, or go on editing.</Text>
        <div className={classes.sides}>
          <section>
            <Title order={3} size="h5" mb={6}>Theirs{theirs && <Text span c="dimmed" size="sm"> · version {theirs.version}, <When at={theirs.updated_at} /></Text>}</Title>
            {theirs ? <JsonView value={theirs.value} label="Their value" open={4} /> : <Text size="sm">They removed it.</Text>}
          </section>
          <section>
            <Title order={3} size="h5" mb={6}>Mine</Title>
            <JsonView value={mine} label="My value" open={4} />
          </section>
        </div>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>Go on editing</Button>
          <Button variant="default" onClick={() => onSettle('theirs')}>Keep theirs</Button>
          <Button onClick={() => onSettle('mine')}>Write mine over it</Button>
        </Group>
      </Stack>
    </Modal>
  )
}

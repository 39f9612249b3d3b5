import { Anchor, Button, Group, Modal, Stack, Switch, Text } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconCircleCheck } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { Link } from 'react-router'
import { $api } from '@/api/client'
import { asError } from '@/api/errors'
import { runPath } from '@/app/paths'
import { errorsBelow } from '@/components/SchemaForm/model'
import { Failed, Loading, Query } from '@/components/States/States'
import { type Action, BUTTONS, type Delivery, doneSentence, type Run, titleOf } from '../model'
import { type Edit, repair, usePreview } from '../usePreview'
import { EditInput } from './EditInput'
import { Foresight } from './Foresight'

interface RepairDialogProps {
  action: Action
  run: Run
  delivery: Delivery | null
  onClose: () => void
}

/** Says what a repair will do, does it, and says what was done. */
export default function RepairDialog({ action, run, delivery, onClose }: RepairDialogProps) {
  const queries = useQueryClient()
  const [editing, setEditing] = useState(action === 'edit')
  const [edit, setEdit] = useState<Edit>(null)
  const [readable, setReadable] = useState(true)
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const [done, setDone] = useState<string | null>(null)
  const wanted = editing ? edit : null
  const [asked] = useDebouncedValue(wanted, 250)
  const preview = usePreview(action, run, delivery, asked)
  const seen = preview.data
  const editable = delivery !== null && ['retry', 'edit', 'fork'].includes(action)
  const problems = [...(seen?.issues ?? []), ...(error === null ? [] : asError(error).details)]
  const ready = seen?.possible === true && readable && asked === wanted && !preview.isFetching

  async function confirm() {
    setBusy(true)
    setError(null)
    try {
      setDone(await repair(action, run, delivery, wanted))
      await queries.invalidateQueries()
    } catch (thrown) {
      setError(thrown)
    } finally {
      setBusy(false)
    }
  }

  return (
    <Modal
      opened
      onClose={onClose}
      title={titleOf(action, delivery)}
      size={editable ? 'xl' : 'lg'}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {done !== null ? (
        <Done sentence={doneSentence(action, delivery, done !== run.run_id)} run={run} id={done} onClose={onClose} />
      ) : (
        <Stack gap="md">
          {editable && (
            <Switch label="Change its input" checked={editing} onChange={(event) => setEditing(event.currentTarget.checked)} />
          )}
          {editable && editing && !preview.isPending && (
            <InputOf run={run} delivery={delivery}>
              {(original) => (
                <EditInput
                  original={original}
                  schema={seen?.takes ?? null}
                  problems={errorsBelow(problems, 'data')}
                  onEdit={(value, sound) => {
                    setReadable(sound)
                    setEdit({ data: value })
                  }}
                />
              )}
            </InputOf>
          )}
          {seen ? <Foresight preview={seen} /> : preview.error ? null : <Loading rows={3} label="Looking at the run" />}
          {preview.error && <Failed error={preview.error} retry={preview.refetch} />}
          {error !== null && <Failed error={error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Not now
            </Button>
            <Button
              {...(action === 'cancel' ? { color: 'red' } : {})}
              disabled={!ready}
              loading={busy}
              onClick={() => void confirm()}
            >
              {BUTTONS[action]}
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  )
}

/** The input that a delivery has; where nobody has asked for it yet, its run is asked. */
function InputOf({ run, delivery, children }: { run: Run; delivery: Delivery; children: (input: unknown) => ReactNode }) {
  const known = delivery.input !== undefined
  const path = { flow: run.flow, run_id: run.run_id }
  const found = $api.useQuery('get', '/api/runs/{flow}/{run_id}', { params: { path } }, { enabled: !known })
  if (known) return children(delivery.input)
  return (
    <Query of={found} rows={3}>
      {(detail) => children(detail.deliveries.find((each) => each.delivery_id === delivery.delivery_id)?.input ?? null)}
    </Query>
  )
}

function Done({ sentence, run, id, onClose }: { sentence: string; run: Run; id: string; onClose: () => void }) {
  return (
    <Stack>
      <Group gap="sm" wrap="nowrap" align="flex-start" role="status">
        <IconCircleCheck size={22} color="var(--wb-completed)" aria-hidden />
        <Text>
          {sentence}{' '}
          {id !== run.run_id && (
            <Anchor component={Link} to={runPath(run.flow, id)} onClick={onClose}>
              Look at the new run
            </Anchor>
          )}
        </Text>
      </Group>
      <Group justify="flex-end">
        <Button onClick={onClose}>Close</Button>
      </Group>
    </Stack>
  )
}

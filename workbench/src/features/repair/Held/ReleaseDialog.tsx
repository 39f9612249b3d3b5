import { Anchor, Button, Group, Modal, Progress, Stack, Text } from '@mantine/core'
import { IconAlertTriangle, IconCheck, IconMinus } from '@tabler/icons-react'
import { useRef, useState } from 'react'
import { Link } from 'react-router'
import { runPath } from '@/app/paths'
import { Failed, Loading } from '@/components/States/States'
import { Words } from '@/components/Words/Words'
import { deliveries, type HeldDelivery, leftInWords, OUTCOMES, type Released, release, releasedInWords } from '../held'
import { Foresight } from '../RepairDialog/Foresight'
import { usePreview } from '../usePreview'
import classes from './Held.module.css'

interface ReleaseDialogProps {
  action: 'retry' | 'skip'
  items: HeldDelivery[]
  onClose: () => void
  onDone: () => Promise<unknown>
}

/** Says what will happen to each, releases them with progress, and says what became of each. */
export function ReleaseDialog({ action, items: given, onClose, onDone }: ReleaseDialogProps) {
  const [items] = useState(given) // the selection is gone once they are released
  const [lines, setLines] = useState<Released[]>([])
  const [state, setState] = useState<'asked' | 'running' | 'stopping' | 'stopped' | 'broken' | 'over'>('asked')
  const [error, setError] = useState<unknown>(null)
  const stopping = useRef<AbortController>(undefined)
  const count = deliveries(items.length)
  const running = state === 'running' || state === 'stopping'
  const verb = action === 'retry' ? `Make ${count} again` : `Skip ${count}`
  const failed = lines.filter((line) => line.outcome === 'failed' || line.outcome === 'gone')

  async function begin() {
    const asked = new AbortController()
    stopping.current = asked
    setState('running')
    try {
      await release(items, action, asked.signal, (told) => {
        setLines((before) => [...before, ...told])
      })
      setState(asked.signal.aborted ? 'stopped' : 'over')
    } catch (thrown) {
      setError(thrown)
      setState('broken')
    }
    await onDone()
  }

  function stop() {
    stopping.current?.abort()
    setState('stopping')
  }

  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={state === 'asked' ? `${verb}?` : verb}
      closeOnClickOutside={!running}
      closeOnEscape={!running}
      withCloseButton={!running}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack>
        {state === 'asked' && <Asked action={action} items={items} />}
        {state !== 'asked' && (
          <>
            <Progress value={(lines.length / Math.max(items.length, 1)) * 100} aria-label="Progress" size="lg" />
            <Text role="status">
              {running && `${lines.length} of ${items.length}`}
              {!running && releasedInWords(lines, action)}
              {(state === 'stopped' || state === 'broken') && ` ${leftInWords(items.length - lines.length, state)}`}
            </Text>
            <Results lines={failed.length > 0 ? failed : lines} />
          </>
        )}
        {error !== null && <Failed error={error} />}
        <Group justify="flex-end">
          {state === 'asked' && (
            <>
              <Button variant="default" onClick={onClose}>
                Not now
              </Button>
              <Button onClick={() => void begin()}>{verb}</Button>
            </>
          )}
          {running && (
            <Button variant="default" loading={state === 'stopping'} onClick={stop}>
              Stop
            </Button>
          )}
          {state !== 'asked' && !running && <Button onClick={onClose}>Close</Button>}
        </Group>
      </Stack>
    </Modal>
  )
}

/** What will happen, told of the first: the others of its step fare the same. */
function Asked({ action, items }: { action: 'retry' | 'skip'; items: HeldDelivery[] }) {
  const first = items[0]
  if (!first) return null
  const steps = [...new Set(items.map((item) => item.name))]
  return (
    <>
      <Text>
        {items.length === 1 ? 'It is' : 'They are'} dealt with a few at a time, and each tells how it went. You can stop in
        between: what is not done yet stays held.
      </Text>
      {steps.length > 1 && <Text size="sm">They belong to {steps.map((name) => `“${name}”`).join(', ')}. Of the first:</Text>}
      <First action={action} item={first} />
    </>
  )
}

function First({ action, item }: { action: 'retry' | 'skip'; item: HeldDelivery }) {
  const run = { flow: item.flow, run_id: item.run_id, status: 'running' } as const
  const preview = usePreview(action, run, { ...item, status: 'held', input: undefined }, null)
  if (preview.data) return <Foresight preview={preview.data} />
  return preview.error ? <Failed error={preview.error} retry={preview.refetch} /> : <Loading rows={3} />
}

const ICONS = { done: IconCheck, would: IconCheck, gone: IconMinus, failed: IconAlertTriangle }

function Results({ lines }: { lines: Released[] }) {
  return (
    <ul className={classes.results}>
      {lines.map((line) => {
        const Icon = ICONS[line.outcome]
        return (
          <li key={`${line.run_id}${line.delivery_id}`} data-outcome={line.outcome}>
            <Icon size={16} aria-hidden />
            <Anchor component={Link} to={runPath(line.flow, line.run_id)} className="mono">
              {line.run_id.slice(0, 8)}
            </Anchor>
            <span>
              {OUTCOMES[line.outcome]}
              {line.message && <span className="quiet"> · <Words text={line.message} /></span>}
            </span>
          </li>
        )
      })}
    </ul>
  )
}

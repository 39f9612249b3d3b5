import { Button, Group, Select } from '@mantine/core'
import { IconChecks, IconPlayerSkipForward, IconRefresh } from '@tabler/icons-react'
import { useState } from 'react'
import { useSearchParams } from 'react-router'
import { $api, type Api } from '@/api/client'
import { askAgain, useFresh } from '@/api/fresh'
import { useSession } from '@/api/session'
import { Page } from '@/components/Page/Page'
import { Empty, Query } from '@/components/States/States'
import { HeldGroups } from './Held/HeldGroups'
import classes from './Held/Held.module.css'
import { ReleaseDialog } from './Held/ReleaseDialog'
import { Silent } from './Held/Silent'
import { keyOf } from './held'

const HELD_KINDS = ['delivery.held', 'delivery.released', 'delivery.skipped', 'run.cancelled'] as const
const heldAgain = () => askAgain('/api/held')
const MOST = 1_000

/** Deliveries that wait for an operator, in all runs, by step and error. */
export function Component() {
  const [address, setAddress] = useSearchParams()
  const flow = address.get('flow')
  const query = { limit: MOST, ...(flow ? { flow } : {}) }
  const held = $api.useQuery('get', '/api/held', { params: { query } }, { refetchInterval: 30_000 })
  const flows = $api.useQuery('get', '/api/flows')
  useFresh(HELD_KINDS, heldAgain, { pause: 1_000 })
  return (
    <Page
      title="Held"
      description="Deliveries that failed and wait for a decision: make them again, or go on without them."
      actions={
        <Select
          aria-label="Flow"
          placeholder="Any flow"
          clearable
          value={flow}
          data={(flows.data ?? []).map((each) => ({ value: each.id, label: each.name }))}
          onChange={(next) => setAddress(next ? { flow: next } : {}, { replace: true })}
          clearButtonProps={{ 'aria-label': 'Any flow' }}
        />
      }
    >
      <Query of={held}>{(page) => <Shown page={page} onDone={heldAgain} />}</Query>
    </Page>
  )
}

function Shown({ page, onDone }: { page: Api['HeldPage']; onDone: () => Promise<unknown> }) {
  const { can } = useSession()
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const [action, setAction] = useState<'retry' | 'skip' | null>(null)
  const allowed = can('operate')
  const chosen = page.items.filter((item) => selected.has(keyOf(item)))
  if (page.total === 0 && page.silent.length === 0) {
    return (
      <Empty title="Nothing is held" icon={<IconChecks size={40} stroke={1.4} color="var(--wb-completed)" aria-hidden />}>
        A delivery is held when all its attempts failed and its step says <code>on_failure: hold</code>. It waits here
        until somebody makes it again or skips it.
      </Empty>
    )
  }
  return (
    <>
      <Silent runs={page.silent} truncated={page.truncated} />
      <HeldGroups page={page} selected={selected} onSelect={setSelected} allowed={allowed} />
      {page.total > 0 && (
        <div className={classes.bar} role="toolbar" aria-label="What to do with the selected">
          <span aria-live="polite">
            <strong>{chosen.length}</strong> of {page.total} selected
          </span>
          <Group gap="xs">
            <Button
              variant="default"
              leftSection={<IconPlayerSkipForward size={16} aria-hidden />}
              disabled={chosen.length === 0 || !allowed}
              onClick={() => setAction('skip')}
            >
              Skip
            </Button>
            <Button
              leftSection={<IconRefresh size={16} aria-hidden />}
              disabled={chosen.length === 0 || !allowed}
              onClick={() => setAction('retry')}
            >
              Make again
            </Button>
          </Group>
          {!allowed && <span className="quiet">Your access lets you look, not change anything.</span>}
        </div>
      )}
      {action && (
        <ReleaseDialog
          action={action}
          items={chosen}
          onClose={() => setAction(null)}
          onDone={async () => {
            setSelected(new Set())
            await onDone()
          }}
        />
      )}
    </>
  )
}

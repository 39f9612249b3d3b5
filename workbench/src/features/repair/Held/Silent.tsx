import { Alert, Anchor } from '@mantine/core'
import { IconPlugConnectedX } from '@tabler/icons-react'
import { Link } from 'react-router'
import type { Api } from '@/api/client'
import { runPath } from '@/app/paths'

const MOST = 5

/** Runs that hold something and did not say what, as their worker is away. */
export function Silent({ runs, truncated }: { runs: Api['SilentRun'][]; truncated: boolean }) {
  const styles = { title: { color: 'var(--wb-text)' }, message: { color: 'var(--wb-text)' } }
  return (
    <>
      {truncated && (
        <Alert variant="light" mb="md" styles={styles}>
          There are more runs with something held than are shown at once. Release these first.
        </Alert>
      )}
      {runs.length > 0 && (
        <Alert
          color="yellow"
          variant="light"
          mb="md"
          styles={styles}
          icon={<IconPlugConnectedX aria-hidden />}
          title={runs.length === 1 ? 'One run does not answer' : `${runs.length} runs do not answer`}
        >
          No worker of the build that they began with answers, so nobody can say what they hold, or release it.{' '}
          {runs.slice(0, MOST).map((run) => (
            <Anchor
              key={`${run.flow}/${run.run_id}`}
              component={Link}
              to={runPath(run.flow, run.run_id)}
              className="mono"
              mr="xs"
              underline="always"
            >
              {run.flow}/{run.run_id.slice(0, 8)}
            </Anchor>
          ))}
          {runs.length > MOST && `and ${runs.length - MOST} more.`}
        </Alert>
      )}
    </>
  )
}

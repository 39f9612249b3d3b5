import { Button, Group } from '@mantine/core'
import { useRouteError } from 'react-router'
import { Failed } from '@/components/States/States'

/** What is shown in place of a page that broke; the rest of the workbench goes on. */
export function Crash() {
  const error = useRouteError()
  return (
    <div style={{ padding: 24 }}>
      <Failed error={error} title="This page could not be shown" />
      <Group>
        <Button variant="default" onClick={() => window.location.reload()}>
          Load it again
        </Button>
      </Group>
    </div>
  )
}

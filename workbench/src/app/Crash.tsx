import { Button, Group, Text } from '@mantine/core'
import { useEffect } from 'react'
import { useRouteError } from 'react-router'
import { isLost, loadOnceBack } from '@/app/updates'
import { Failed } from '@/components/States/States'

const LOST = new Error('A part of it could not be fetched from the server.')

/** What is shown in place of a page that broke; the rest of the workbench goes on. */
export function Crash() {
  const error = useRouteError()
  const partLost = isLost(error)
  useEffect(() => (partLost ? loadOnceBack() : undefined), [partLost])
  return (
    <div style={{ padding: 24 }}>
      <Failed error={partLost ? LOST : error} title="This page could not be shown" />
      <Group>
        <Button variant="default" onClick={() => window.location.reload()}>
          Load it again
        </Button>
        {partLost && <Text size="sm">It comes back by itself once the server is there.</Text>}
      </Group>
    </div>
  )
}

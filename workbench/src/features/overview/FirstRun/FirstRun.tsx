import { Button, Code, Stack, Text } from '@mantine/core'
import { IconPlayerPlay } from '@tabler/icons-react'
import { Link } from 'react-router'
import type { Api } from '@/api/client'
import { startPath } from '@/app/paths'
import { Empty } from '@/components/States/States'

/** Nothing has run yet: how the first run is started. */
export function FirstRun({ flows }: { flows: Api['FlowHealth'][] }) {
  if (flows.length === 0) {
    return (
      <Empty title="No flows yet">
        A flow is made of steps. Put the first one into a file such as <Code>steps/hello.step.py</Code>, or begin with{' '}
        <Code>wistro new</Code>: it appears here as soon as it is saved.
      </Empty>
    )
  }
  return (
    <Empty title="Nothing has run yet" icon={<IconPlayerPlay size={36} stroke={1.4} aria-hidden />}>
      <Text size="sm" mb="sm">
        Start a first run, and this page shows what the flows do: how many runs there are, how long they take and what
        fails.
      </Text>
      <Stack gap={6} align="center">
        {flows.map(({ flow, name }) => (
          <Button key={flow} component={Link} to={startPath(flow)} variant="light">
            Start “{name}”
          </Button>
        ))}
      </Stack>
    </Empty>
  )
}

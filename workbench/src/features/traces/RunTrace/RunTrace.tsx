import { Anchor, Stack } from '@mantine/core'
import { Link, useSearchParams } from 'react-router'
import { $api } from '@/api/client'
import { Query } from '@/components/States/States'
import { NotTraced } from '../NotTraced'
import { TraceView } from '../TraceView/TraceView'

interface RunTraceProps {
  flow: string
  run: string
  /** Whether the run still goes on: then more is to come. */
  going?: boolean
}

/** What a run traced, and all that it led to. */
export function RunTrace({ flow, run, going = false }: RunTraceProps) {
  const spans = $api.useQuery(
    'get',
    '/api/runs/{flow}/{run_id}/spans',
    { params: { path: { flow, run_id: run } } },
    // The last spans of a run come after its end.
    { refetchInterval: ({ state }) => (going || !state.data?.traces.length ? 2_000 : 10_000) },
  )
  const [query, setQuery] = useSearchParams()
  const select = (span: string | null) => {
    setQuery(
      (before) => {
        const after = new URLSearchParams(before)
        if (span === null) after.delete('span')
        else after.set('span', span)
        return after
      },
      { replace: true },
    )
  }
  return (
    <Query of={spans}>
      {({ traces, tracing }) =>
        traces.length === 0 ? (
          <NotTraced tracing={tracing} what="of this run" />
        ) : (
          <Stack>
            {traces.map((trace) => (
              <div key={trace.trace_id}>
                <TraceView trace={trace} selected={query.get('span')} onSelect={select} />
                <Anchor component={Link} to={`/traces/${trace.trace_id}`} size="sm" mt="xs" display="inline-block">
                  Open the whole trace
                </Anchor>
              </div>
            ))}
          </Stack>
        )
      }
    </Query>
  )
}

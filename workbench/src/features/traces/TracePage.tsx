import { Anchor, Group, Text } from '@mantine/core'
import { useMemo } from 'react'
import { Link, useParams, useSearchParams } from 'react-router'
import { $api } from '@/api/client'
import { runPath } from '@/app/paths'
import { CopyButton } from '@/components/CopyButton/CopyButton'
import { Page } from '@/components/Page/Page'
import { Query } from '@/components/States/States'
import { lengthOf } from '@/components/Waterfall'
import { When } from '@/components/When/When'
import { type Trace, treeOf } from './model'
import { TraceView } from './TraceView/TraceView'

const SHOWN = 4

/** One trace. */
export function Component() {
  const { trace: id = '' } = useParams()
  const trace = $api.useQuery('get', '/api/traces/{trace_id}', { params: { path: { trace_id: id } } }, { refetchInterval: 10_000 })
  const [query, setQuery] = useSearchParams()
  const { data } = trace
  const title = useMemo(() => (data ? (treeOf(data.spans).roots[0]?.label ?? 'Trace') : 'Trace'), [data])
  return (
    <Page
      title={title}
      crumbs={[{ label: 'Traces', to: '/traces' }]}
      description={data && <Summary trace={data} />}
      beside={
        <Group gap={2} wrap="nowrap">
          <span className="mono quiet">{id.slice(0, 8)}…</span>
          <CopyButton text={id} label="Copy the trace's id" />
        </Group>
      }
    >
      <Query of={trace} rows={10}>
        {(found) => (
          <TraceView
            trace={found}
            selected={query.get('span')}
            onSelect={(span) => setQuery(span === null ? {} : { span }, { replace: true })}
          />
        )}
      </Query>
    </Page>
  )
}

function Summary({ trace }: { trace: Trace }) {
  const { start, end, errors } = useMemo(() => treeOf(trace.spans), [trace])
  const runs = new Map(
    trace.spans.flatMap((span) => (span.flow && span.run_id ? [[`${span.flow}/${span.run_id}`, span]] : [])),
  )
  return (
    <Group gap="md" component="span">
      <span>{lengthOf(end - start)}</span>
      <span>
        {trace.spans.length.toLocaleString()} {trace.spans.length === 1 ? 'span' : 'spans'}
      </span>
      {errors > 0 && (
        <Text span c="var(--wb-failed)" size="sm">
          {errors} {errors === 1 ? 'error' : 'errors'}
        </Text>
      )}
      <When at={start / 1000} />
      {[...runs].slice(0, SHOWN).map(([key, { flow, run_id: run }]) => (
        <Anchor key={key} component={Link} to={runPath(flow ?? '', run ?? '')} size="sm">
          run {flow}/{run?.slice(0, 8)}
        </Anchor>
      ))}
      {runs.size > SHOWN && <span>and {runs.size - SHOWN} more runs</span>}
    </Group>
  )
}

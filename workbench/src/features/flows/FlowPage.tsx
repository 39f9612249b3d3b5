import { useCallback } from 'react'
import { useParams, useSearchParams } from 'react-router'
import { $api } from '@/api/client'
import { Page } from '@/components/Page/Page'
import { Query } from '@/components/States/States'
import { FlowGraph } from './FlowGraph/FlowGraph'

export function Component() {
  const { flow = '' } = useParams()
  const [query, setQuery] = useSearchParams()
  const found = $api.useQuery('get', '/api/flows/{flow}', { params: { path: { flow } } })
  const select = useCallback((step: string | null) => setQuery(step ? { step } : {}), [setQuery])
  return (
    <Page title={found.data?.name ?? 'Flow'} full>
      <div style={{ flex: 1, minHeight: 0 }}>
        <Query of={found}>
          {(detail) => <FlowGraph flow={flow} graph={detail.graph} selected={query.get('step')} onSelect={select} />}
        </Query>
      </div>
    </Page>
  )
}

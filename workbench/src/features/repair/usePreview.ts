import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { fetchApi } from '@/api/client'
import { type Action, type Delivery, type Preview, type Run, wireAction } from './model'

/** An input that was edited; nothing when it stays as it was. */
export type Edit = { data: unknown } | null

/** What a repair will do, told by the server; it does nothing. */
export function usePreview(action: Action, run: Run, delivery: Delivery | null, edit: Edit) {
  return useQuery({
    queryKey: ['preview', action, run.flow, run.run_id, delivery?.delivery_id, edit],
    placeholderData: keepPreviousData,
    staleTime: 0,
    retry: false,
    queryFn: async (): Promise<Preview> => {
      const { data } = await fetchApi.POST('/api/runs/{flow}/{run_id}/preview', {
        params: { path: { flow: run.flow, run_id: run.run_id } },
        body: { action: wireAction(action), delivery_id: delivery?.delivery_id ?? null, ...edit },
      })
      return data as Preview
    },
  })
}

/** Does the repair; the run that it is done in. */
export async function repair(action: Action, run: Run, delivery: Delivery | null, edit: Edit): Promise<string> {
  const path = { flow: run.flow, run_id: run.run_id }
  const one = { ...path, delivery_id: delivery?.delivery_id ?? '' }
  switch (action) {
    case 'cancel':
      await fetchApi.POST('/api/runs/{flow}/{run_id}/cancel', { params: { path } })
      return run.run_id
    case 'skip':
      await fetchApi.POST('/api/runs/{flow}/{run_id}/deliveries/{delivery_id}/skip', { params: { path: one } })
      return run.run_id
    case 'redeliver':
      await fetchApi.POST('/api/answers/{flow}/{run_id}/redeliver', { params: { path }, body: {} })
      return run.run_id
    case 'retry':
    case 'edit': {
      const { data } = await fetchApi.POST('/api/runs/{flow}/{run_id}/deliveries/{delivery_id}/retry', {
        params: { path: one },
        body: { ...edit },
      })
      return data?.run_id ?? run.run_id
    }
    case 'fork':
    case 'resume': {
      const { data } = await fetchApi.POST('/api/runs/{flow}/{run_id}/fork', {
        params: { path },
        body: { delivery_id: delivery?.delivery_id ?? null, ...edit },
      })
      return data?.run_id ?? run.run_id
    }
  }
}

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type Api, fetchApi } from '@/api/client'
import { asError, type Detail } from '@/api/errors'
import { remember } from '../history'
import { detailsIn, type Draft, type Trigger, type Tried, tryOf } from '../model'

/** What came of sending: an answer, for a request; the runs that were started. */
interface Outcome {
  tried: Tried | null
  runs: Api['Accepted'][]
}

async function send(flow: string, trigger: Trigger, draft: Draft): Promise<Outcome> {
  if (trigger.kind !== 'cron') {
    const { data } = await fetchApi.POST('/api/try', { body: tryOf(draft, trigger, flow) })
    const tried = data as Tried
    return { tried, runs: tried.runs }
  }
  const body = {
    flow,
    step: trigger.step,
    ...(draft.after ? { after: draft.after } : {}),
    ...(draft.at ? { at: draft.at } : {}),
    ...(draft.key ? { idempotency_key: draft.key } : {}),
  }
  const { data } = await fetchApi.POST('/api/runs', { body })
  return { tried: null, runs: [data as Api['Accepted']] }
}

/** Sends drafts to a trigger, keeps what was sent, and says which fields were wrong. */
export function useSending(flow: string, trigger: Trigger) {
  const client = useQueryClient()
  const sending = useMutation({
    mutationFn: (draft: Draft) => send(flow, trigger, draft),
    onSuccess: ({ tried, runs }, draft) => {
      remember({ at: Date.now(), flow, trigger: trigger.id, draft, status: tried ? tried.status : 202, runs })
      // What was just sent is an example from now on.
      void client.invalidateQueries({ queryKey: ['get', '/api/flows/{flow}/triggers/{trigger}/examples'] })
    },
  })
  const { data, error } = sending
  const errors: Detail[] = error ? asError(error).details : data?.tried ? detailsIn(data.tried) : []
  return { ...sending, errors }
}

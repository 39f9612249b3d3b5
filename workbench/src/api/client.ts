import { QueryClient } from '@tanstack/react-query'
import createFetchClient, { type Middleware } from 'openapi-fetch'
import createQueryClient from 'openapi-react-query'
import { ApiError, errorOf } from '@/api/errors'
import type { components, paths } from '@/api/schema'

/** Shapes of the management API by name: `Api['RunDetail']`. */
export type Api = components['schemas']

/** Where everything of Wistro's own is served. */
export const OURS = '/_wistro'

const headers: Middleware = {
  onRequest({ request }) {
    // The server takes no change from a browser without it: other sites cannot send it.
    request.headers.set('wistro-workbench', '1')
    return request
  },
  async onResponse({ response }) {
    if (response.ok) return
    if (response.status === 401) void askAgain()
    const body: unknown = await response.clone().json().catch(() => null)
    throw errorOf(response.status, body)
  },
}

let asked = 0

/** A session has ended: ask who is signed in now, and for what was refused meanwhile. */
async function askAgain() {
  if (Date.now() - asked < 5_000) return
  asked = Date.now()
  await queryClient.refetchQueries({ queryKey: ['session'] })
  await queryClient.invalidateQueries({ predicate: (query) => query.state.status === 'error' })
}

/** Requests outside of components: `await fetchApi.POST('/api/runs', …)`; throws `ApiError`. */
export const fetchApi = createFetchClient<paths>({ baseUrl: OURS })
fetchApi.use(headers)

/** Hooks by path: `$api.useQuery('get', '/api/runs', …)`; errors are `ApiError`s. */
export const $api = createQueryClient(fetchApi)

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      // The server may be on this machine: a browser that is offline asks all the same.
      networkMode: 'always',
      refetchOnReconnect: true,
      retry: (count, error) => count < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
      refetchOnWindowFocus: true,
    },
    mutations: { networkMode: 'always' },
  },
})

import { Alert, Button, Divider, Paper, Stack, Text, Title } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { IconAlertTriangle } from '@tabler/icons-react'
import { useEffect } from 'react'
import { Navigate, useNavigate, useSearchParams } from 'react-router'
import { $api, fetchApi, OURS } from '@/api/client'
import { sessionQuery } from '@/api/session'
import { Failed, Query } from '@/components/States/States'
import { destination, problemOf, unfitOf } from './model'
import { TokenForm } from './TokenForm'
import classes from './SignInPage.module.css'

export function Component() {
  const [params] = useSearchParams()
  const navigate = useNavigate()
  const client = useQueryClient()
  const to = destination(params.get('to'))
  const problem = problemOf(params.get('problem'))
  const offered = $api.useQuery('get', '/api/session', { params: { query: { enter: false } } })
  const entering = useMutation({
    mutationFn: async (body: { token: string | null; name: string | null }) => {
      const { data } = await fetchApi.POST('/api/session', { body })
      return data
    },
    onSuccess: async (session) => {
      client.clear()
      client.setQueryData(sessionQuery.queryKey, session)
      await navigate(to, { replace: true })
    },
  })
  const unfit = unfitOf(entering.error)
  useEffect(() => {
    document.title = 'Sign in · Wistro'
  }, [])
  if (offered.data?.name && !entering.isPending) return <Navigate to={to} replace />

  return (
    <main className={classes.page}>
      <Paper className={classes.card ?? ''} withBorder>
        <Stack gap="md">
          <div className={classes.brand}>
            <img src={`${import.meta.env.BASE_URL}icon.svg`} alt="" width={36} height={36} />
            <Title order={1} size="h3">
              Sign in to Wistro
            </Title>
          </div>
          {problem && (
            <Alert color="red" variant="light" icon={<IconAlertTriangle aria-hidden />} role="alert">
              {problem}
            </Alert>
          )}
          {params.has('left') && !problem && (
            <Text c="dimmed" size="sm" role="status">
              You are signed out.
            </Text>
          )}
          <Query of={offered} rows={4}>
            {({ ways, issuer }) => (
              <>
                {ways.includes('local') && (
                  <Button
                    fullWidth
                    loading={entering.isPending}
                    onClick={() => entering.mutate({ token: null, name: null })}
                  >
                    Continue on this machine
                  </Button>
                )}
                {ways.includes('issuer') && (
                  <Button
                    component="a"
                    fullWidth
                    href={`${OURS}/api/session/oidc?to=${encodeURIComponent(to)}`}
                  >
                    Continue with {issuer}
                  </Button>
                )}
                {ways.length > 1 && <Divider label="or" />}
                <TokenForm
                  busy={entering.isPending}
                  unfit={unfit}
                  onSubmit={(token, name) => entering.mutate({ token, name: name || null })}
                />
              </>
            )}
          </Query>
          {entering.error && !unfit && <Failed error={entering.error} />}
        </Stack>
      </Paper>
    </main>
  )
}


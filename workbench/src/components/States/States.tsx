import { Alert, Button, Center, Skeleton, Stack, Text, Title } from '@mantine/core'
import { IconAlertTriangle, IconRefresh } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { asError } from '@/api/errors'
import { Words } from '@/components/Words/Words'

/** Something is on its way; `rows` say how much room it will take, so that nothing jumps. */
export function Loading({ rows = 6, label = 'Loading' }: { rows?: number; label?: string }) {
  return (
    <Stack gap="sm" role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={28} radius="sm" />
      ))}
    </Stack>
  )
}

interface EmptyProps {
  title: string
  icon?: ReactNode
  children?: ReactNode
  action?: ReactNode
}

/** There is nothing: why, and what to do next. */
export function Empty({ title, icon, children, action }: EmptyProps) {
  return (
    <Center py={56} px="md">
      <Stack align="center" gap="xs" maw={520}>
        {icon}
        <Title order={2} size="h4" ta="center">
          {title}
        </Title>
        {children && (
          <Text component="div" c="dimmed" ta="center" size="sm">
            {children}
          </Text>
        )}
        {action}
      </Stack>
    </Center>
  )
}

/** Something went wrong: what the API says, its hint, and a way to try again. */
export function Failed({ error, retry, title }: { error: unknown; retry?: () => unknown; title?: string }) {
  const found = asError(error)
  return (
    <Alert
      color="red"
      variant="light"
      icon={<IconAlertTriangle aria-hidden />}
      title={title ?? <Words text={found.message} />}
      role="alert"
      my="sm"
      styles={{ title: { color: 'var(--wb-text)' } }}
    >
      <Stack gap="xs" align="flex-start">
        {title && (
          <Text size="sm">
            <Words text={found.message} />
          </Text>
        )}
        {found.hint && (
          <Text size="sm">
            <strong>Hint:</strong> <Words text={found.hint} />
          </Text>
        )}
        {found.details.map((detail) => (
          <Text size="sm" key={`${detail.field}${detail.message}`}>
            <code>{detail.field}</code>: <Words text={detail.message} />
          </Text>
        ))}
        {retry && (
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconRefresh size={14} aria-hidden />}
            onClick={() => void retry()}
          >
            Try again
          </Button>
        )}
      </Stack>
    </Alert>
  )
}

interface Answered<T> {
  data: T | undefined
  error: unknown
  isPending: boolean
  refetch: () => unknown
}

/** The data of a query once it is there; until then how it is loading, or what went wrong. */
export function Query<T>({
  of,
  rows,
  children,
}: {
  of: Answered<T>
  rows?: number
  children: (data: T) => ReactNode
}) {
  if (of.data !== undefined) return <>{children(of.data)}</>
  if (of.isPending) return <Loading {...(rows === undefined ? {} : { rows })} />
  return <Failed error={of.error} retry={of.refetch} />
}

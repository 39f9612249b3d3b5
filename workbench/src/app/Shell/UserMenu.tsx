import { Text } from '@mantine/core'
import { useSession } from '@/api/session'

/** Who is signed in. */
export function UserMenu() {
  const { name } = useSession()
  return (
    <Text size="sm" c="dimmed" visibleFrom="xs">
      {name}
    </Text>
  )
}

import { Button, Popover, Text } from '@mantine/core'
import { IconLogout, IconUser } from '@tabler/icons-react'
import { useNavigate } from 'react-router'
import { type Level, type Session, signOut, useSession } from '@/api/session'
import classes from './Shell.module.css'

const LEVELS: Record<Level, { word: string; sentence: string }> = {
  view: { word: 'View only', sentence: 'You see flows, runs and their timing, but no data.' },
  read: { word: 'Read only', sentence: 'You see everything, and change nothing.' },
  operate: { word: 'Operator', sentence: 'You see everything, and may change it.' },
}

const KINDS: Record<NonNullable<Session['kind']>, string> = {
  local: 'You are on the machine that runs the project.',
  token: 'Signed in with the management token.',
  key: 'Signed in with an API key.',
  user: 'Signed in as a user.',
}

/** Who is signed in, what they may do, and the way out. */
export function UserMenu() {
  const { name, session } = useSession()
  const navigate = useNavigate()
  if (!session?.level || !session.kind) return null
  const { word, sentence } = LEVELS[session.level]
  const leave = async () => {
    await signOut()
    await navigate('/sign-in?left=yes')
  }
  return (
    <Popover position="bottom-end" width={260} shadow="md" trapFocus returnFocus>
      <Popover.Target>
        <Button
          variant="subtle"
          color="gray"
          size="compact-sm"
          aria-label={`${name}, ${word}`}
          leftSection={<IconUser size={16} aria-hidden />}
        >
          <span className={classes.userName}>{name}</span>{' '}
          {session.level !== 'operate' && <span className={classes.userLevel}>{word}</span>}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Who is signed in">
        <div className={classes.userCard}>
          <Text fw={600} truncate>
            {name}
          </Text>
          <Text size="sm">
            <strong>{word}.</strong> {sentence}
          </Text>
          <Text size="sm" c="dimmed">
            {KINDS[session.kind]} What you do is noted under this name.
          </Text>
        </div>
        {session.expires_at && (
          <Button
            fullWidth
            variant="default"
            mt="sm"
            leftSection={<IconLogout size={16} aria-hidden />}
            onClick={() => void leave()}
          >
            Sign out
          </Button>
        )}
      </Popover.Dropdown>
    </Popover>
  )
}

import { Anchor, Badge, Group, Paper, Text, Title } from '@mantine/core'
import { Link } from 'react-router'
import { CopyButton } from '@/components/CopyButton/CopyButton'
import { Query } from '@/components/States/States'
import { When } from '@/components/When/When'
import { useVersions } from '../queries'
import classes from './VersionsCard.module.css'

const SHOWN = 8

/** The versions of the project that runs began with, and which of them runs still follow. */
export function VersionsCard() {
  const versions = useVersions()
  return (
    <Paper component="section" withBorder p="md" aria-label="Versions">
      <Title order={2} className={classes.title}>
        Versions
      </Title>
      <Query of={versions} rows={3}>
        {(found) => (
          <>
            <ul className={classes.list}>
              {found.slice(0, SHOWN).map((version) => (
                <li key={version.id} className={classes.item}>
                  <Group gap={6} wrap="nowrap">
                    <Anchor component={Link} to={`/runs?version=${version.id}`} inherit className="mono">
                      {version.id.slice(0, 12)}
                    </Anchor>
                    <CopyButton text={version.id} label="Copy the version" />
                    {version.current && (
                      <Badge variant="light" size="sm" tt="none">
                        current
                      </Badge>
                    )}
                  </Group>
                  <Text size="xs" c="dimmed">
                    {version.running > 0 && <>{version.running.toLocaleString()} running · </>}
                    {version.last_run_at ? (
                      <>
                        last run began <When at={version.last_run_at} />
                      </>
                    ) : (
                      'no run yet'
                    )}
                    {version.first_run_at && version.first_run_at !== version.last_run_at && (
                      <>
                        , the first <When at={version.first_run_at} />
                      </>
                    )}
                  </Text>
                </li>
              ))}
            </ul>
            {found.length > SHOWN && (
              <Text size="xs" c="dimmed">
                and {found.length - SHOWN} older ones
              </Text>
            )}
          </>
        )}
      </Query>
    </Paper>
  )
}

import { Stack } from '@mantine/core'
import { IconCalendarClock } from '@tabler/icons-react'
import { $api } from '@/api/client'
import { useFresh } from '@/api/fresh'
import { Page } from '@/components/Page/Page'
import { Empty, Query } from '@/components/States/States'
import { CallsToCome } from './CallsToCome/CallsToCome'
import { ScheduleCard } from './ScheduleCard/ScheduleCard'
import { readAgain } from './ScheduleCard/dialogs'

/** When the clock starts runs. */
export function Component() {
  const schedules = $api.useQuery('get', '/api/schedules', {}, { refetchInterval: 20_000 })
  useFresh(['run.'], readAgain, { about: ({ run_id }) => run_id?.startsWith('cron.') ?? false })
  return (
    <Page title="Schedules" description="When the clock starts runs: in words, what comes next, and what became of the latest.">
      <Query of={schedules}>
        {(found) =>
          found.length === 0 ? (
            <Empty title="The clock starts nothing" icon={<IconCalendarClock size={32} aria-hidden />}>
              Add a step with <code>type: cron</code> (in Python: <code>CronStep</code>) and an expression such as <code>0 8 * * *</code>.
            </Empty>
          ) : (
            <Stack gap="md">
              {found.map((schedule) => (
                <ScheduleCard key={`${schedule.flow}/${schedule.step}`} schedule={schedule} />
              ))}
            </Stack>
          )
        }
      </Query>
      <CallsToCome />
    </Page>
  )
}

import { Button } from '@mantine/core'
import { IconBolt, IconSitemap } from '@tabler/icons-react'
import { Link, useParams, useSearchParams } from 'react-router'
import { $api } from '@/api/client'
import { useSession } from '@/api/session'
import { flowPath } from '@/app/paths'
import { Page } from '@/components/Page/Page'
import { Empty, Loading, Query } from '@/components/States/States'
import type { Example, Trigger } from './model'
import classes from './StartPage.module.css'
import { Tester } from './Tester/Tester'
import { TriggerList } from './TriggerList/TriggerList'

/** Every trigger of a flow, each with its tester. */
export function Component() {
  const { flow = '' } = useParams()
  const [query, setQuery] = useSearchParams()
  const about = $api.useQuery('get', '/api/flows/{flow}', { params: { path: { flow } } })
  const triggers = $api.useQuery('get', '/api/flows/{flow}/triggers', { params: { path: { flow } } })
  const name = about.data?.name ?? flow
  return (
    <Page
      title={`Start ${name}`}
      description="Send what starts a run, as the outside world would, and follow the run it starts."
      crumbs={[{ label: 'Flows', to: '/flows' }, { label: name, to: flowPath(flow) }]}
    >
      <Query of={triggers} rows={8}>
        {(found) => {
          const all = found as Trigger[]
          const chosen = triggerNamed(all, query.get('trigger')) ?? all[0]
          if (!chosen) return <NoTriggers to={flowPath(flow)} />
          return (
            <div className={all.length > 1 ? classes.columns : undefined}>
              {all.length > 1 ? (
                <TriggerList triggers={all} chosen={chosen.id} onChoose={(id) => setQuery({ trigger: id }, { replace: true })} />
              ) : null}
              <WithExamples
                key={chosen.id}
                flow={flow}
                trigger={chosen}
                example={query.get('example')}
                onExample={(run) => setQuery({ trigger: chosen.id, ...(run ? { example: run } : {}) }, { replace: true })}
              />
            </div>
          )
        }}
      </Query>
    </Page>
  )
}

/** By its id, or by the name of its step or topic. */
function triggerNamed(all: Trigger[], name: string | null): Trigger | undefined {
  return name === null ? undefined : all.find(({ id, step, topic }) => [id, step, topic].includes(name))
}

interface WithExamplesProps {
  flow: string
  trigger: Trigger
  example: string | null
  onExample: (run: string | null) => void
}

/** The tester once it is known what earlier runs were given, where that is asked for. */
function WithExamples({ flow, trigger, example, onExample }: WithExamplesProps) {
  const { can } = useSession()
  const takes = trigger.kind !== 'cron' && can('read')
  const { data, isPending } = $api.useQuery(
    'get',
    '/api/flows/{flow}/triggers/{trigger}/examples',
    { params: { path: { flow, trigger: trigger.id } } },
    { enabled: takes },
  )
  const examples = (data ?? []) as Example[]
  if (example !== null && takes && isPending) return <Loading rows={10} />
  return <Tester key={example} flow={flow} trigger={trigger} examples={examples} example={example} onExample={onExample} />
}

function NoTriggers({ to }: { to: string }) {
  return (
    <Empty
      title="Nothing starts this flow"
      icon={<IconBolt size={32} aria-hidden />}
      action={
        <Button component={Link} to={to} variant="default" leftSection={<IconSitemap size={16} aria-hidden />}>
          Look at the flow
        </Button>
      }
    >
      A flow is started by an API request, the clock, a call, or a message from elsewhere. Give one of its steps such a
      config: an <code>ApiStep</code>, a <code>CronStep</code> or a <code>CallStep</code>.
    </Empty>
  )
}

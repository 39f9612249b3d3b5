import { Anchor, Badge, Group, Table, Text, TextInput } from '@mantine/core'
import { IconRoute, IconSearch } from '@tabler/icons-react'
import { Link, useNavigate, useSearchParams } from 'react-router'
import { $api, type Api } from '@/api/client'
import { flowPath } from '@/app/paths'
import { Page } from '@/components/Page/Page'
import { Empty, Query } from '@/components/States/States'
import { capital } from '@/components/words'
import { type FlowHealth, HealthCells, HealthHeaders, useHealth } from '@/features/overview/health'
import classes from './FlowsPage.module.css'
import { matching } from './flows'
import { KINDS } from './FlowGraph/icons'

type Flow = Api['FlowSummary']

/** All flows: what they do, what starts them, and how they do today. */
export function Component() {
  const flows = $api.useQuery('get', '/api/flows')
  const health = useHealth()
  const [query, setQuery] = useSearchParams()
  const text = query.get('text') ?? ''
  return (
    <Page title="Flows" description="What this project does: each flow is a chain of steps that something sets off.">
      <TextInput
        maw={340}
        mb="md"
        value={text}
        onChange={(event) => setQuery(event.currentTarget.value ? { text: event.currentTarget.value } : {}, { replace: true })}
        placeholder="Find a flow"
        aria-label="Find a flow"
        leftSection={<IconSearch size={15} aria-hidden />}
      />
      <Query of={flows} rows={8}>
        {(all) => {
          if (all.length === 0) return <NoFlows />
          const found = matching(all, text)
          if (found.length === 0) return <Empty title={`No flow matches “${text}”`}>Names, descriptions, owners and triggers are looked through.</Empty>
          return <Flows flows={found} healthOf={health.of} />
        }}
      </Query>
    </Page>
  )
}

function NoFlows() {
  return (
    <Empty title="No flows yet" icon={<IconRoute size={36} stroke={1.4} aria-hidden />}>
      A flow is there as soon as a step names it: put a file such as <code>hello.step.py</code> into <code>steps/</code>, or run{' '}
      <code>wistro new</code> for a project with one.
    </Empty>
  )
}

function Flows({ flows, healthOf }: { flows: readonly Flow[]; healthOf: (flow: string) => FlowHealth | undefined }) {
  const navigate = useNavigate()
  return (
    <Table.ScrollContainer minWidth={980} className={classes.container ?? ''}>
      <Table highlightOnHover verticalSpacing="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Flow</Table.Th>
            <Table.Th>Started by</Table.Th>
            <HealthHeaders />
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {flows.map((flow) => (
            <Table.Tr
              key={flow.id}
              className={classes.row ?? ''}
              onClick={(event) => {
                // Links within the row lead where they lead.
                if (!(event.target instanceof Element && event.target.closest('a'))) void navigate(flowPath(flow.id))
              }}
            >
              <Table.Td className={classes.flow ?? ''}>
                <Group gap={8}>
                  <Anchor component={Link} to={flowPath(flow.id)} fw={620} c="var(--wb-text)">{flow.name}</Anchor>
                  {flow.owner && <Badge variant="default" size="sm" tt="none">{flow.owner}</Badge>}
                  {flow.app && <Badge variant="light" size="sm" tt="none">app {flow.app}</Badge>}
                </Group>
                {flow.description && <Text size="sm" c="dimmed">{flow.description}</Text>}
                <Text size="xs" c="dimmed"><span className="mono">{flow.id}</span> · {flow.steps} {flow.steps === 1 ? 'step' : 'steps'}</Text>
              </Table.Td>
              <Table.Td><Triggers flow={flow} /></Table.Td>
              <HealthCells health={healthOf(flow.id)} />
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

const SHOWN = 3

function Triggers({ flow }: { flow: Flow }) {
  const more = flow.starts.length - SHOWN
  return (
    <ul className={classes.triggers}>
      {flow.starts.slice(0, SHOWN).map(({ step, kind, words, name }) => {
        const { icon: Icon, tone } = KINDS[kind]
        return (
          <li key={step} title={name}>
            <Icon size={14} aria-hidden color={`var(--wb-${tone}-line)`} />
            <span className={kind === 'api' ? 'mono' : undefined}>{kind === 'call' ? 'Calls' : capital(words)}</span>
          </li>
        )
      })}
      {more > 0 && <li className="quiet">and {more} more</li>}
      {flow.entry_topics.length > 0 && (
        <li title={flow.entry_topics.join('\n')}>
          <KINDS.event.icon size={14} aria-hidden color="var(--wb-event-line)" />
          <span>{flow.entry_topics.length === 1 ? 'Messages on ' : `Messages on ${flow.entry_topics.length} topics`}{flow.entry_topics.length === 1 && <span className="mono">{flow.entry_topics[0]}</span>}</span>
        </li>
      )}
      {flow.starts.length + flow.entry_topics.length === 0 && <li className="quiet">nothing yet</li>}
    </ul>
  )
}

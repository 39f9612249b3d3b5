import { Anchor, Badge, Group, Table, Text, TextInput } from '@mantine/core'
import { IconMessage2, IconSearch } from '@tabler/icons-react'
import { Link } from 'react-router'
import { $api } from '@/api/client'
import { topicPath } from '@/app/paths'
import { Page } from '@/components/Page/Page'
import { Empty, Query } from '@/components/States/States'
import { useUrl } from '@/components/useUrl'
import { ends, type Topic } from './model'

/** The topics of the project: what they are for, and who is at their ends. */
export function Component() {
  const topics = $api.useQuery('get', '/api/topics')
  const { params, change } = useUrl()
  const text = params.get('text') ?? ''
  const fits = (topic: Topic) => `${topic.name} ${topic.description ?? ''} ${ends(topic)}`.toLowerCase().includes(text.toLowerCase())
  return (
    <Page title="Topics" description="The names under which steps hand messages on.">
      <Query of={topics}>
        {(found) =>
          found.length === 0 ? (
            <Empty title="There are no topics yet" icon={<IconMessage2 size={32} aria-hidden />}>
              Give a step <code>emits</code> and another one <code>subscribes</code>: the topics between them appear here.
            </Empty>
          ) : (
            <>
              <TextInput
                aria-label="Find topics" placeholder="Find topics" maw={320} mb="sm" value={text}
                onChange={(event) => change({ text: event.currentTarget.value })} leftSection={<IconSearch size={15} aria-hidden />}
              />
              <Table.ScrollContainer minWidth={560}>
                <Table verticalSpacing="sm" highlightOnHover>
                  <Table.Thead>
                    <Table.Tr><Table.Th>Topic</Table.Th><Table.Th>From → to</Table.Th><Table.Th>Reach</Table.Th></Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {found.filter(fits).map((topic) => (
                      <Table.Tr key={topic.name}>
                        <Table.Td>
                          <Anchor component={Link} to={topicPath(topic.name)} className="mono">{topic.name}</Anchor>
                          {topic.description && <Text size="sm" c="dimmed">{topic.description}</Text>}
                        </Table.Td>
                        <Table.Td><Text size="sm">{ends(topic)}</Text></Table.Td>
                        <Table.Td><Reach topic={topic} /></Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </Table.ScrollContainer>
              {!found.some(fits) && <Empty title="No topic has this in its name">Look for something else.</Empty>}
            </>
          )
        }
      </Query>
    </Page>
  )
}

/** How far the messages of a topic go. */
export function Reach({ topic }: { topic: Topic }) {
  return (
    <Group gap={6}>
      {topic.shared && <Badge variant="default" tt="none" title="Its messages start runs of other flows, too">shared</Badge>}
      {topic.external && <Badge variant="default" tt="none" title="Its messages come from outside">from outside</Badge>}
      {!topic.shared && !topic.external && <Text size="sm" c="dimmed">within its flow</Text>}
    </Group>
  )
}

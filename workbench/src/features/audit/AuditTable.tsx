import { Anchor, Table, Text, Tooltip } from '@mantine/core'
import { IconBan, IconCircleCheck, IconCircleX } from '@tabler/icons-react'
import { Link } from 'react-router'
import { flowPath, runPath } from '@/app/paths'
import { When } from '@/components/When/When'
import { type AuditItem, forkOf, reasonOf, subjectOf, whatOf, whoOf } from './model'
import classes from './Audit.module.css'

const OUTCOMES = {
  done: { word: 'Done', icon: IconCircleCheck },
  failed: { word: 'Failed', icon: IconCircleX },
  refused: { word: 'Refused', icon: IconBan },
}

/** Entries of the audit, the newest first. */
export function AuditTable({ items }: { items: AuditItem[] }) {
  return (
    <Table.ScrollContainer minWidth={720} type="native">
      <Table verticalSpacing={6} className={classes.table ?? ''}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={110}>When</Table.Th>
            <Table.Th w={110}>Outcome</Table.Th>
            <Table.Th w={200}>Who</Table.Th>
            <Table.Th>What</Table.Th>
            <Table.Th w="30%">About</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {items.map((item, row) => (
            <Row key={`${item.at}${item.correlation_id}${row}`} item={item} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

function Row({ item }: { item: AuditItem }) {
  const who = whoOf(item.identity)
  const { word, icon: Icon } = OUTCOMES[item.outcome]
  const where = [item.remote && `from ${item.remote}`, item.correlation_id && `request ${item.correlation_id}`]
  return (
    <Table.Tr>
      <Table.Td>
        <When at={item.at} />
      </Table.Td>
      <Table.Td>
        <span className={classes.outcome} data-outcome={item.outcome}>
          <Icon size={14} aria-hidden />
          {word}
        </span>
      </Table.Td>
      <Table.Td>
        <Tooltip label={where.filter(Boolean).join(', ')} disabled={!where.some(Boolean)} openDelay={300}>
          <span>
            {who.name}
            {who.kind && <span className={classes.detail}>{who.kind}</span>}
          </span>
        </Tooltip>
      </Table.Td>
      <Table.Td>
        {whatOf(item)}
        <span className={classes.detail}>
          <code>{item.action}</code>
          {item.reason && ` · ${reasonOf(item)}`}
        </span>
      </Table.Td>
      <Table.Td>
        <About item={item} />
      </Table.Td>
    </Table.Tr>
  )
}

function About({ item }: { item: AuditItem }) {
  const { flow, run_id: run, delivery_id: delivery } = item
  const subject = subjectOf(item)
  const fork = forkOf(item)
  return (
    <>
      {flow && run && (
        <Anchor component={Link} to={runPath(flow, run, delivery)} size="sm">
          {flow} / <span className="mono">{run.slice(0, 12)}</span>
        </Anchor>
      )}
      {flow && !run && (
        <Anchor component={Link} to={flowPath(flow)} size="sm">
          {flow}
        </Anchor>
      )}
      {flow && fork && (
        <span className={classes.detail}>
          as{' '}
          <Anchor component={Link} to={runPath(flow, fork)} size="xs" className="mono">
            {fork.slice(0, 12)}
          </Anchor>
        </span>
      )}
      {subject && !fork && (
        <Text component="span" className={classes.detail ?? ''} title={subject} truncate>
          {subject}
        </Text>
      )}
    </>
  )
}

import { ActionIcon, Anchor, Group, Stack, Text, Title } from '@mantine/core'
import { IconAlertCircle, IconX } from '@tabler/icons-react'
import { Link } from 'react-router'
import { runPath } from '@/app/paths'
import { CopyButton } from '@/components/CopyButton/CopyButton'
import { Fact } from '@/components/Fact/Fact'
import { lengthOf } from '@/components/Waterfall'
import { When } from '@/components/When/When'
import type { Node, Origin, Span, Trace } from '../model'
import { OriginBadge } from '../OriginBadge/OriginBadge'
import { AttributeTable } from './AttributeTable'
import { SpanEvents } from './SpanEvents'
import classes from './SpanPanel.module.css'

interface SpanPanelProps {
  node: Node
  trace: Trace
  origin: Origin | null
  /** When the trace began: the span is placed within it. */
  start: number
  onClose: () => void
}

/** Everything that a span says. */
export function SpanPanel({ node, trace, origin, start, onClose }: SpanPanelProps) {
  const { span } = node
  return (
    <section className={classes.panel} aria-label={`Span ${node.label}`}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div>
          <Title order={2} className={classes.title}>
            {node.label}
          </Title>
          {origin && <OriginBadge origin={origin} />}
        </div>
        <ActionIcon variant="subtle" color="gray" aria-label="Close the span" onClick={onClose}>
          <IconX size={16} aria-hidden />
        </ActionIcon>
      </Group>
      {span ? (
        <Known node={node} span={span} trace={trace} start={start} />
      ) : (
        <Text size="sm" c="dimmed">
          {node.open
            ? 'This span has not come yet: that of a run is written when the run has ended.'
            : 'This span is not kept here: whoever made it sends its spans elsewhere, or they were dropped.'}
        </Text>
      )}
    </section>
  )
}

function Known({ node, span, trace, start }: { node: Node; span: Span; trace: Trace; start: number }) {
  return (
    <Stack gap="md">
      {span.status === 'error' && (
        <div className={classes.error} role="note">
          <IconAlertCircle size={16} aria-hidden />
          <span>
            <strong>Failed.</strong> {span.message}
          </span>
        </div>
      )}
      <Where span={span} />
      <dl className={classes.facts}>
        <Fact name="Took">{lengthOf(span.end - span.start)}</Fact>
        <Fact name="Own work">{lengthOf(node.self)}</Fact>
        <Fact name="Began">
          {lengthOf(span.start - start)} in, <When at={span.start / 1000} as="clock" />
        </Fact>
        <Fact name="Kind">{span.kind}</Fact>
        {span.scope && <Fact name="Made by">{span.scope}</Fact>}
        <Fact name="Span id">
          <span className="mono">{span.span_id}</span>
          <CopyButton text={span.span_id} label="Copy the span's id" />
        </Fact>
      </dl>
      {node.skewed && (
        <Text size="sm" c="dimmed">
          It began before the span that it is part of: the clocks of their machines differ.
        </Text>
      )}
      <SpanEvents events={span.events} start={span.start} />
      <AttributeTable title="Attributes" attributes={span.attributes} />
      <Links span={span} />
      <AttributeTable title="Process" attributes={trace.sources[span.source]?.attributes ?? {}} closed />
      {span.dropped > 0 && (
        <Text size="sm" c="dimmed">
          {span.dropped} attributes, events or links were too many or too large, and left out.
        </Text>
      )}
    </Stack>
  )
}

/** Where the span is in the words of flows. */
function Where({ span }: { span: Span }) {
  if (!span.flow || !span.run_id) return null
  return (
    <Group gap="md">
      <Anchor component={Link} to={runPath(span.flow, span.run_id)} size="sm">
        Open the run
      </Anchor>
      {span.delivery_id && (
        <Anchor component={Link} to={`${runPath(span.flow, span.run_id, span.delivery_id)}&tab=timeline`} size="sm">
          Open the delivery{span.attempt && span.attempt > 1 ? ` (attempt ${span.attempt})` : ''}
        </Anchor>
      )}
    </Group>
  )
}

function Links({ span }: { span: Span }) {
  if (span.links.length === 0) return null
  return (
    <div>
      <Title order={3} className={classes.section}>
        Links
      </Title>
      {span.links.map((link) => (
        <div key={`${link.trace_id}${link.span_id}`}>
          <Anchor component={Link} to={`/traces/${link.trace_id}?span=${link.span_id}`} size="sm" className="mono">
            {link.trace_id.slice(0, 8)}…/{link.span_id}
          </Anchor>
        </div>
      ))}
    </div>
  )
}

import { Button, Group, Switch, Text } from '@mantine/core'
import { IconAlertCircle, IconChevronsDown, IconChevronsUp } from '@tabler/icons-react'
import { useCallback, useEffect, useMemo, useState } from 'react'
import { useClosed, Waterfall, type WaterfallRow } from '@/components/Waterfall'
import { useNow } from '@/components/When/When'
import { ancestors, nextError, type Node, type Origin, originsOf, rowsOf, type Trace, treeOf } from '../model'
import { OriginBadge } from '../OriginBadge/OriginBadge'
import { SpanPanel } from '../SpanPanel/SpanPanel'
import classes from './TraceView.module.css'

interface TraceViewProps {
  trace: Trace
  /** The span that is looked at; kept in the address of the page. */
  selected: string | null
  onSelect: (span: string | null) => void
}

/** A trace as a waterfall, with what the chosen span says beside it. */
export function TraceView({ trace, selected, onSelect }: TraceViewProps) {
  const tree = useMemo(() => treeOf(trace.spans), [trace])
  const { origins, tones } = useMemo(() => originsOf(trace.sources), [trace])
  const { closed, setClosed, toggle } = useClosed()
  const [critical, setCritical] = useState(false)
  const rows = useMemo(() => rowsOf(tree, closed, tones, critical), [tree, closed, tones, critical])
  const going = tree.roots.some((root) => root.open)
  const now = useNow(500, going)
  const node = selected === null ? undefined : tree.nodes.get(selected)

  const originOf = useCallback(
    (id: string): Origin | null => {
      const service = trace.sources[tree.nodes.get(id)?.span?.source ?? -1]?.service
      return origins.find((origin) => origin.name === service?.name && origin.language === service.language) ?? null
    },
    [tree, trace, origins],
  )
  const renderLabel = useCallback(
    (row: WaterfallRow) => <Label row={row} node={tree.nodes.get(row.id)} origin={originOf(row.id)} />,
    [tree, originOf],
  )
  // What is chosen by an address, or as the next error, may be below something closed.
  useEffect(() => {
    if (selected === null) return
    const above = ancestors(tree, selected)
    setClosed((before) => (above.some((id) => before.has(id)) ? new Set([...before].filter((id) => !above.includes(id))) : before))
  }, [selected, tree])

  return (
    <div className={classes.view}>
      <Group justify="space-between" gap="sm" className={classes.tools}>
        <Group gap="md">
          {origins.map((origin) => (
            <OriginBadge key={`${origin.name} ${origin.language}`} origin={origin} />
          ))}
        </Group>
        <Group gap="xs">
          <Switch
            size="xs"
            label="Stress the critical path"
            checked={critical}
            onChange={(event) => setCritical(event.currentTarget.checked)}
          />
          <Button
            size="compact-xs"
            variant="default"
            leftSection={closed.size === 0 ? <IconChevronsUp size={14} aria-hidden /> : <IconChevronsDown size={14} aria-hidden />}
            onClick={() => setClosed(closed.size === 0 ? new Set(parents(tree.nodes)) : new Set())}
          >
            {closed.size === 0 ? 'Close all' : 'Open all'}
          </Button>
          {tree.errors > 0 && (
            <Button
              size="compact-xs"
              variant="default"
              leftSection={<IconAlertCircle size={14} color="var(--wb-failed)" aria-hidden />}
              onClick={() => onSelect(nextError(tree, selected))}
            >
              Next of {tree.errors} {tree.errors === 1 ? 'error' : 'errors'}
            </Button>
          )}
        </Group>
      </Group>
      <div className={classes.columns} data-beside={node ? true : undefined}>
        <Waterfall
          label="Spans"
          heading="Span"
          rows={rows}
          selected={selected}
          onSelect={onSelect}
          onToggle={toggle}
          now={now}
          renderLabel={renderLabel}
        />
        {node && (
          <SpanPanel node={node} trace={trace} origin={originOf(node.id)} start={tree.start} onClose={() => onSelect(null)} />
        )}
      </div>
      {selected !== null && !node && (
        <Text size="sm" c="dimmed">
          The span <span className="mono">{selected}</span> is not part of what is shown here.
        </Text>
      )}
    </div>
  )
}

function Label({ row, node, origin }: { row: WaterfallRow; node: Node | undefined; origin: Origin | null }) {
  const errors = node?.errors ?? 0
  const attempt = node?.span?.attempt ?? 1
  const failed = row.tone === 'failed'
  return (
    <>
      {failed && <IconAlertCircle size={14} className={classes.failed} aria-label="Failed" />}
      <span className={classes.name} title={row.label}>
        {row.label}
        {attempt > 1 && <span className="quiet"> · attempt {attempt}</span>}
      </span>
      {row.expanded === false && errors > 0 && (
        <span className={classes.hidden}>
          {errors} <span className="visually-hidden">{errors === 1 ? 'error' : 'errors'} below</span>
        </span>
      )}
      {origin && <OriginBadge origin={origin} short />}
    </>
  )
}

function parents(nodes: ReadonlyMap<string, { id: string; children: readonly unknown[] }>): string[] {
  return [...nodes.values()].filter((node) => node.children.length > 0).map((node) => node.id)
}

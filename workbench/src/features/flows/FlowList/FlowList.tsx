import { Badge, Group, UnstyledButton } from '@mantine/core'
import { useMemo } from 'react'
import { Link as RouterLink } from 'react-router'
import { flowPath } from '@/app/paths'
import { StatusBadge } from '@/components/StatusBadge/StatusBadge'
import { capital } from '@/components/words'
import { KINDS } from '../FlowGraph/icons'
import { edgeSentence, edgeText, type Graph, type Item, languageName, type Link, modelOf, plainWords, type StepItem } from '../FlowGraph/model'
import { readingOrder } from '../FlowGraph/order'
import type { GraphOverlay } from '../FlowGraph/overlay'
import classes from './FlowList.module.css'

interface FlowListProps {
  graph: Graph
  overlay?: GraphOverlay | null | undefined
  selected?: string | null | undefined
  onSelect?: ((step: string) => void) | undefined
}

/** A flow as a list, step by step: for phones, and for those who hear the page. */
export function FlowList({ graph, overlay, selected, onSelect }: FlowListProps) {
  const { items, out, order } = useMemo(() => {
    const model = modelOf(graph)
    const links = new Map<string, Link[]>()
    for (const link of model.links) links.set(link.source, [...(links.get(link.source) ?? []), link])
    return { items: new Map(model.items.map((item) => [item.id, item])), out: links, order: readingOrder(model) }
  }, [graph])
  return (
    <ol className={classes.list}>
      {order.map((id) => {
        const item = items.get(id)
        return item?.type === 'step' ? (
          <li key={id} className={classes.step} data-selected={selected === id || undefined}>
            <StepLine item={item} status={overlay?.steps[id]?.status} onSelect={onSelect} />
            <Leads links={out.get(id) ?? []} items={items} onSelect={onSelect} />
          </li>
        ) : null
      })}
    </ol>
  )
}

function StepLine({ item: { step, look }, status, onSelect }: { item: StepItem; status: string | undefined; onSelect: FlowListProps['onSelect'] }) {
  const { icon: Icon, word, tone } = KINDS[look]
  const about = step.trigger ?? step.waiting
  return (
    <UnstyledButton className={classes.head} onClick={() => onSelect?.(step.id)}>
      <span className={classes.icon} data-tone={tone}><Icon size={19} stroke={1.8} aria-hidden /></span>
      <span className={classes.text}>
        <span className={classes.name}>{step.name}</span>
        {step.description && <span className={classes.description}>{step.description}</span>}
        <Group gap={6} mt={4}>
          <Badge variant="light" color="gray" size="sm" tt="none" c="var(--wb-text)">{word}</Badge>
          {step.kind !== 'noop' && <Badge variant="default" size="sm" tt="none">{languageName(step)}</Badge>}
          {about && <span className={classes.about}>{plainWords(capital(about))}</span>}
          {step.join && <span className={classes.about}>{plainWords(step.join.words)}</span>}
        </Group>
      </span>
      {status && <StatusBadge status={status} />}
    </UnstyledButton>
  )
}

function Leads({ links, items, onSelect }: { links: readonly Link[]; items: ReadonlyMap<string, Item>; onSelect: FlowListProps['onSelect'] }) {
  if (links.length === 0) return null
  return (
    <ul className={classes.leads}>
      {links.map((link) => {
        const target = items.get(link.target)
        const sentence = edgeSentence(link.edge)
        return (
          <li key={link.id}>
            <span className="quiet">{capital(edgeText(link.edge, false))} → </span>
            {target?.type === 'step' ? (
              <UnstyledButton className={classes.target} onClick={() => onSelect?.(target.id)}>{target.step.name}</UnstyledButton>
            ) : target?.flow ? (
              <RouterLink className={classes.target ?? ''} to={flowPath(target.flow)}>the flow {target.name}</RouterLink>
            ) : null}
            {sentence && <span className={classes.sentence}>{sentence}</span>}
          </li>
        )
      })}
    </ul>
  )
}

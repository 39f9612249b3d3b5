import { Anchor, Checkbox, UnstyledButton } from '@mantine/core'
import { IconChevronRight } from '@tabler/icons-react'
import { useState } from 'react'
import { Link } from 'react-router'
import type { Api } from '@/api/client'
import { runPath } from '@/app/paths'
import { When } from '@/components/When/When'
import { RepairMenu } from '../RepairMenu/RepairMenu'
import { byGroup, groupKey, type HeldDelivery, type HeldGroup, keyOf, selectedOf, toggled } from '../held'
import classes from './Held.module.css'

const FIRST = 50

interface HeldGroupsProps {
  page: Api['HeldPage']
  selected: ReadonlySet<string>
  onSelect: (selected: ReadonlySet<string>) => void
  allowed: boolean
}

/** What is held, by step and error; each group opens to its deliveries. */
export function HeldGroups({ page, selected, onSelect, allowed }: HeldGroupsProps) {
  const state = selectedOf(page.items, selected)
  return (
    <>
      {page.total > 1 && (
        <Checkbox
          className={classes.all ?? ''}
          label={`All ${page.total}`}
          checked={state === 'all'}
          indeterminate={state === 'some'}
          disabled={!allowed}
          onChange={() => onSelect(toggled(page.items, selected))}
        />
      )}
      <ul className={classes.groups}>
        {byGroup(page.groups, page.items).map(({ group, items }) => (
          <Group key={groupKey(group)} group={group} items={items} selected={selected} onSelect={onSelect} allowed={allowed} />
        ))}
      </ul>
    </>
  )
}

interface GroupProps extends Omit<HeldGroupsProps, 'page'> {
  group: HeldGroup
  items: HeldDelivery[]
}

function Group({ group, items, selected, onSelect, allowed }: GroupProps) {
  const [opened, setOpened] = useState(false)
  const [shown, setShown] = useState(FIRST)
  const state = selectedOf(items, selected)
  const what = `${group.deliveries} ${group.deliveries === 1 ? 'delivery' : 'deliveries'}`
  return (
    <li className={classes.group}>
      <div className={classes.head}>
        <Checkbox
          aria-label={`Select ${what} of “${group.name}” with ${group.error_code}`}
          checked={state === 'all'}
          indeterminate={state === 'some'}
          disabled={!allowed}
          onChange={() => onSelect(toggled(items, selected))}
        />
        <UnstyledButton className={classes.title ?? ''} aria-expanded={opened} onClick={() => setOpened(!opened)}>
          <span className={classes.what}>
            <span className={classes.name}>{group.name}</span>
            <code className={classes.code}>{group.error_code}</code>
            <span className={classes.example}>{group.example}</span>
          </span>
          <span className={classes.count}>
            <strong>{what}</strong>
            <span className="quiet">
              {group.flow} · oldest <When at={group.oldest} />
            </span>
          </span>
          <IconChevronRight size={18} className={classes.arrow} data-opened={opened || undefined} aria-hidden />
        </UnstyledButton>
      </div>
      {opened && (
        <ul className={classes.items}>
          {items.slice(0, shown).map((item) => (
            <Item
              key={keyOf(item)}
              item={item}
              selected={selected.has(keyOf(item))}
              allowed={allowed}
              onToggle={() => onSelect(toggled([item], selected))}
            />
          ))}
          {items.length > shown && (
            <li>
              <UnstyledButton className={classes.more ?? ''} onClick={() => setShown(shown + FIRST)}>
                Show {Math.min(FIRST, items.length - shown)} more of {items.length}
              </UnstyledButton>
            </li>
          )}
        </ul>
      )}
    </li>
  )
}

interface ItemProps {
  item: HeldDelivery
  selected: boolean
  allowed: boolean
  onToggle: () => void
}

function Item({ item, selected, allowed, onToggle }: ItemProps) {
  const run = { flow: item.flow, run_id: item.run_id, status: 'running' } as const
  const to = runPath(item.flow, item.run_id, item.delivery_id)
  return (
    <li className={classes.item}>
      <Checkbox
        aria-label={`Select the delivery of run ${item.run_id.slice(0, 8)}`}
        checked={selected}
        disabled={!allowed}
        onChange={onToggle}
      />
      <Anchor component={Link} to={to} className="mono">
        {item.run_id.slice(0, 8)}
      </Anchor>
      <span className={classes.example}>{item.error}</span>
      <span className="quiet">
        {item.attempts} {item.attempts === 1 ? 'attempt' : 'attempts'} · <When at={item.run_started_at} />
      </span>
      <RepairMenu run={run} delivery={{ ...item, status: 'held', input: undefined }} compact />
    </li>
  )
}

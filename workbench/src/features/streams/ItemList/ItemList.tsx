import { Text } from '@mantine/core'
import { JsonView } from '@/components/JsonView/JsonView'
import type { Shown } from '../model'
import classes from './ItemList.module.css'

const MANY = 150

/** Items of a group, the latest made when there are many; one that changes flashes, and says which fields. */
export function ItemList({ items }: { items: readonly Shown[] }) {
  const shown = items.slice(-MANY)
  return (
    <>
    {shown.length < items.length && <Text size="sm" mb="sm">The latest {MANY} of {items.length.toLocaleString()} are shown.</Text>}
    <ul className={classes.items} aria-label="Items">
      {shown.map(({ data, changes, changed }) => (
        // Another key with each change: the flash begins anew.
        <li key={`${data.id} ${changes}`} className={`${classes.item} ${changes > 0 ? classes.flash : ''}`}>
          <Text fw={600} size="sm" className="mono" mb={6}>{data.id}</Text>
          <JsonView value={data} label={`Item ${data.id}`} open={2} />
          <Text size="xs" c="dimmed" mt={6} mih={18}>
            {changes > 0 && `Changed ${changes === 1 ? 'once' : `${changes} times`} while you look${changed.length > 0 ? `, last: ${changed.join(', ')}` : ''}`}
          </Text>
        </li>
      ))}
    </ul>
    </>
  )
}

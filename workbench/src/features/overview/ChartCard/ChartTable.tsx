import { ScrollArea, Table } from '@mantine/core'
import type { Line } from '../model'
import classes from './ChartCard.module.css'

interface ChartTableProps {
  title: string
  lines: Line[]
  places: number
  text: (value: number | null) => string
  stretchOf: (place: number) => string
}

/** What a chart shows, in numbers: the latest first. */
export function ChartTable({ title, lines, places, text, stretchOf }: ChartTableProps) {
  const order = Array.from({ length: places }, (_, number) => places - 1 - number)
  return (
    <ScrollArea h={168} type="auto" viewportProps={{ tabIndex: 0, 'aria-label': `${title} as a table`, role: 'region' }}>
      <Table stickyHeader verticalSpacing={3} fz="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Time</Table.Th>
            {lines.map((line) => (
              <Table.Th key={line.id} ta="right">
                {line.name}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {order.map((place) => (
            <Table.Tr key={place}>
              <Table.Th scope="row" fw={400} className={classes.time}>
                {stretchOf(place)}
              </Table.Th>
              {lines.map((line) => (
                <Table.Td key={line.id} className={classes.value} ta="right">
                  {text(line.values[place] ?? null)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </ScrollArea>
  )
}

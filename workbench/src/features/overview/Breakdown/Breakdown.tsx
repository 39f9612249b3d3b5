import { Anchor, Paper, ScrollArea, Table, Text, Title } from '@mantine/core'
import { Link } from 'react-router'
import type { Api } from '@/api/client'
import { flowPath } from '@/app/paths'
import { durationInWords } from '@/components/When/model'
import { MOST_LINES, SHARES, endedOf, failedOf, failureShare, percent } from '../model'
import { Swatch } from '../ChartCard/ChartCard'
import classes from './Breakdown.module.css'

interface BreakdownProps {
  overview: Api['Overview']
  flow: string | null
  when: string
  /** The address of this page for one flow. */
  toFlow: (flow: string) => string
}

/** The figures of every flow, or of every step of one. */
export function Breakdown({ overview, flow, when, toFlow }: BreakdownProps) {
  const { series } = overview
  const title = flow ? `Steps in ${when}` : `Flows in ${when}`
  return (
    <Paper component="section" withBorder p="md" aria-label={title}>
      <Title order={2} className={classes.title}>
        {title}
      </Title>
      {series.length === 0 ? (
        <Text c="dimmed" size="sm" py="sm">
          Nothing happened in {when}.
        </Text>
      ) : (
        <ScrollArea type="auto" offsetScrollbars="x" viewportProps={{ tabIndex: 0, 'aria-label': 'Figures', role: 'region' }}>
          <Table verticalSpacing={6} horizontalSpacing="xs" highlightOnHover miw={480}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{flow ? 'Step' : 'Flow'}</Table.Th>
                <Table.Th ta="right">{flow ? 'Attempts' : 'Started'}</Table.Th>
                <Table.Th ta="right">Failed</Table.Th>
                <Table.Th ta="right">Held</Table.Th>
                {SHARES.map((share) => (
                  <Table.Th key={share} ta="right">
                    {share}
                  </Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {series.map(({ id, name, total }, number) => (
                <Table.Tr key={id}>
                  <Table.Td className={classes.name}>
                    {number < MOST_LINES ? <Swatch number={number} /> : <span className={classes.undrawn} />}
                    <Anchor component={Link} to={flow ? flowPath(flow, id) : toFlow(id)} inherit>
                      {name}
                    </Anchor>
                  </Table.Td>
                  <Table.Td className={classes.number}>{(flow ? endedOf(total) : total.started).toLocaleString()}</Table.Td>
                  <Failed total={total} />
                  <Table.Td className={classes.number}>{total.held || <span className="quiet">0</span>}</Table.Td>
                  {SHARES.map((share) => (
                    <Table.Td key={share} className={classes.number}>
                      {total[share] == null ? <span className="quiet">–</span> : durationInWords(total[share] * 1_000)}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </ScrollArea>
      )}
    </Paper>
  )
}

function Failed({ total }: { total: Api['Figures'] }) {
  const failed = failedOf(total)
  const share = failureShare(total)
  if (failed === 0 || share === null) {
    return (
      <Table.Td className={classes.number}>
        <span className="quiet">0</span>
      </Table.Td>
    )
  }
  return (
    <Table.Td className={classes.number}>
      <span className={classes.failed}>{failed.toLocaleString()}</span> <span className="quiet">{percent(share)}</span>
    </Table.Td>
  )
}

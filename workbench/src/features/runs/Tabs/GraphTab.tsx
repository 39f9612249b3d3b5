import { Alert, Text } from '@mantine/core'
import { useMemo } from 'react'
import { $api } from '@/api/client'
import { Query } from '@/components/States/States'
import { FlowGraph } from '@/features/flows/FlowGraph/FlowGraph'
import type { Graph } from '@/features/flows/FlowGraph/model'
import { overlayOf, stepsBeside } from '../graph'
import type { Run } from '../words'
import classes from './Tabs.module.css'

interface GraphTabProps {
  run: Run
  /** The step of the delivery that is looked at. */
  step: string | null
  onStep: (step: string | null) => void
}

/** The flow, lit up as far as the run has come. */
export function GraphTab({ run, step, onStep }: GraphTabProps) {
  const flow = $api.useQuery('get', '/api/flows/{flow}', { params: { path: { flow: run.flow } } })
  return (
    <Query of={flow} rows={8}>
      {(found) => <Lit run={run} graph={found.graph} step={step} onStep={onStep} />}
    </Query>
  )
}

function Lit({ run, graph, step, onStep }: GraphTabProps & { graph: Graph }) {
  const overlay = useMemo(() => overlayOf(run, graph), [run, graph])
  const project = $api.useQuery('get', '/api/project')
  const beside = useMemo(() => stepsBeside(run, graph).join(', '), [run, graph])
  return (
    <>
      {beside && project.data && (
        run.version === project.data.build ? (
          <Text size="sm" c="dimmed" mb="sm">The run also went through steps of other flows, which the timeline shows: {beside}.</Text>
        ) : (
          <Alert color="orange" variant="light" mb="sm" title="The flow has changed since this run began">
            Drawn is the flow of today. The run follows the one that it began with, in which there were also: {beside}. The timeline shows them.
          </Alert>
        )
      )}
      <div className={classes.graph}>
        <FlowGraph flow={run.flow} graph={graph} overlay={overlay} selected={step} onSelect={onStep} />
      </div>
    </>
  )
}

import type { Api } from '@/api/client'
import { Empty } from '@/components/States/States'
import type { Schema } from '../schemaRows'
import { SchemaTable } from './SchemaTable'
import { Section } from './Section'
import classes from './StepPanel.module.css'

interface Piece {
  title: string
  note?: string
  schema: Schema | null
}

/** What data goes in and out of a step. */
export function Data({ step }: { step: Api['StepDetail'] }) {
  const pieces = piecesOf(step).filter((piece) => piece.schema !== null && Object.keys(piece.schema).length > 0)
  const params = step.endpoint?.query_params ?? []
  if (pieces.length === 0 && params.length === 0) {
    return <Empty title="No schemas">The step does not say what its data look like: give it an `input`, or its topics a schema.</Empty>
  }
  return (
    <>
      {params.length > 0 && (
        <Section title="Query parameters">
          <dl className={classes.facts}>
            {params.map((param) => <div key={param.name}><dt className="mono">{param.name}</dt><dd>{param.description}</dd></div>)}
          </dl>
        </Section>
      )}
      {pieces.map(({ title, note, schema }) => (
        <Section key={title} title={title} beside={note ? <span className={classes.note}>{note}</span> : undefined}>
          {schema && <SchemaTable schema={schema} label={title} />}
        </Section>
      ))}
    </>
  )
}

function piecesOf(step: Api['StepDetail']): Piece[] {
  const schema = (found: Schema | null | undefined) => found ?? null
  const input = step.waits_for === 'people' ? 'What people answer' : step.kind === 'call' ? 'What callers give' : 'What it gets'
  const output = step.kind === 'call' ? 'What callers get back' : 'What it returns'
  return [
    { title: 'Body of the request', schema: schema(step.endpoint?.body) },
    { title: input, schema: schema(step.input) },
    // What the handler gets is what is sent on its topics; said once when it is the same.
    ...step.received
      .filter((each) => !step.input && each.message)
      .map((each) => ({ title: each.topic, note: 'received', schema: schema(each.message) })),
    { title: output, schema: schema(step.output) },
    ...Object.entries(step.endpoint?.responses ?? {}).map(([status, body]) => ({ title: `Answer ${status}`, schema: schema(body) })),
    ...step.emitted.map((each) => ({ title: each.topic, note: 'sent', schema: schema(each.message) })),
  ]
}

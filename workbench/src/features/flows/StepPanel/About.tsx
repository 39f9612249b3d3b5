import { Anchor } from '@mantine/core'
import { Link } from 'react-router'
import type { Api } from '@/api/client'
import { flowPath, topicPath } from '@/app/paths'
import { capital } from '@/components/words'
import { Words } from '@/components/Words/Words'
import { Section } from './Section'
import classes from './StepPanel.module.css'

type Detail = Api['StepDetail']

/** What a step does, when, and how it is attempted: in words. */
export function About({ step, onSelect, inFlow }: { step: Detail; onSelect: (step: string) => void; inFlow: (step: string) => string | null }) {
  const others = (ids: readonly string[]) => ids.map((id) => <StepLink key={id} id={id} name={inFlow(id)} onSelect={onSelect} />)
  const responds =
    step.responds === 'conditional' ? 'Sometimes answers those who called the flow' : step.responds ? 'Answers those who called the flow' : null
  return (
    <>
      <dl className={classes.facts}>
        {step.trigger && <Fact label="Started by" text={step.kind === 'api' ? `\`${step.trigger}\`` : capital(step.trigger)} />}
        {step.waiting && step.waits_for !== 'people' && <Fact label="Waits" text={step.waiting} />}
        {step.join && <Fact label="Join" text={step.join.words} />}
        {responds && <Fact label="Answer" text={responds} />}
        {step.endpoint?.signature && <Fact label="Signed" text={`By the scheme \`${step.endpoint.signature}\``} />}
        {step.details.map((fact) => <Fact key={fact.label} {...fact} />)}
      </dl>
      {step.calls && (
        <p className={classes.line}>
          Calls the flow <Anchor component={Link} size="sm" to={flowPath(step.calls)}>{step.calls}</Anchor>
        </p>
      )}
      {step.received.length > 0 && (
        <Section title="Receives">
          <ul className={classes.topics}>
            {step.received.map((each) => (
              <li key={each.topic}>
                <Topic name={each.topic} label={each.label} />
                {each.filter && <Rule label="only if" expression={each.filter} />}
                <div className={classes.ends}>{each.external ? 'from outside of the project' : <>from {others(each.sources)}</>}</div>
              </li>
            ))}
          </ul>
        </Section>
      )}
      {step.emitted.length > 0 && (
        <Section title="Sends">
          <ul className={classes.topics}>
            {step.emitted.map((each) => (
              <li key={each.topic}>
                <Topic name={each.topic} label={each.label} />
                <span className={classes.note}>{when(each)}</span>
                {each.condition && <Rule label="if" expression={each.condition} />}
                <div className={classes.ends}>
                  {ends(each).length > 0 ? <>to {others(ends(each))}</> : 'to nobody'}
                  {each.shared && ', also in other flows'}
                </div>
              </li>
            ))}
          </ul>
        </Section>
      )}
      {step.policy.length > 0 && (
        <Section title="How it is attempted">
          <dl className={classes.facts}>
            {step.policy.map((fact) => <Fact key={fact.label} {...fact} />)}
          </dl>
        </Section>
      )}
    </>
  )
}

function ends({ targets, drawn_to }: Detail['emitted'][number]): string[] {
  return [...targets, ...drawn_to]
}

function when(emitted: Detail['emitted'][number]): string {
  if (emitted.on_failure) return 'when all attempts have failed'
  if (emitted.alternative) return 'one of several'
  return emitted.conditional ? 'sometimes' : ''
}

function Topic({ name, label }: { name: string; label?: string | null | undefined }) {
  return (
    <>
      <Anchor component={Link} size="sm" className="mono" to={topicPath(name)}>{name}</Anchor>
      {label && <span className={classes.note}>“{label}”</span>}
    </>
  )
}

function Rule({ label, expression }: { label: string; expression: string }) {
  return <div className={classes.rule}>{label} <Words text={`\`${expression}\``} /></div>
}

function Fact({ label, text, own = true }: { label: string; text: string; own?: boolean }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        <Words text={text} />
        {!own && <span className={classes.default}>by default</span>}
      </dd>
    </div>
  )
}

function StepLink({ id, name, onSelect }: { id: string; name: string | null; onSelect: (step: string) => void }) {
  return name === null ? (
    <span className={classes.end}>{id}</span>
  ) : (
    <Anchor component="button" type="button" size="sm" className={classes.end ?? ''} onClick={() => onSelect(id)}>{name}</Anchor>
  )
}

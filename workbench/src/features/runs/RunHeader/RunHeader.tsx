import { Anchor } from '@mantine/core'
import { IconArrowUpRight, IconCornerDownRight, IconCornerLeftUp } from '@tabler/icons-react'
import { Link } from 'react-router'
import { $api } from '@/api/client'
import { runPath } from '@/app/paths'
import { CopyButton } from '@/components/CopyButton/CopyButton'
import { Duration } from '@/components/Duration/Duration'
import { Fact } from '@/components/Fact/Fact'
import { StatusBadge } from '@/components/StatusBadge/StatusBadge'
import { When } from '@/components/When/When'
import { type Run, sentenceOf, triggerInWords } from '../words'
import classes from './RunHeader.module.css'

const RELATIONS = {
  parent: 'Started by a message of',
  caller: 'Called by',
  fork_of: 'Goes on from',
  started: 'Started',
  fork: 'Goes on in',
} as const
/** To what came after it; the others are from what came before. */
const ONWARD: ReadonlySet<string> = new Set(['started', 'fork'])

/** What became of the run in a sentence, unless that is `told` elsewhere, and the facts about it. */
export function RunHeader({ run, stepNames, told }: { run: Run; stepNames: ReadonlyMap<string, string>; told: boolean }) {
  const project = $api.useQuery('get', '/api/project')
  const trigger = triggerInWords(run.trigger)
  const older = project.data && run.version && project.data.build !== run.version
  const before = run.related.filter((each) => !ONWARD.has(each.relation))
  const after = run.related.filter((each) => ONWARD.has(each.relation))
  const workflow = encodeURIComponent(`${run.flow}/${run.run_id}`)
  return (
    <div className={classes.header}>
      {!told && <p className={classes.sentence}>{sentenceOf(run)}</p>}
      <dl className={classes.facts}>
        <Fact name="Started"><When at={run.started_at} /></Fact>
        <Fact name={run.closed_at ? 'Took' : 'So far'}><Duration from={run.started_at} to={run.closed_at} /></Fact>
        <Fact name="Started by">
          {trigger.kind}
          {trigger.what && <span className="quiet"> {stepNames.get(trigger.what) ?? trigger.what}</span>}
        </Fact>
        {run.origin?.by && <Fact name="Who">{run.origin.by}</Fact>}
        {run.version && (
          <Fact name="Version">
            <Anchor component={Link} size="sm" className="mono" to={`/runs?version=${run.version}`}>{run.version.slice(0, 8)}</Anchor>
            {older && <span className={classes.older} title="The project has changed since the run began: it follows the flow as it was.">an earlier one</span>}
          </Fact>
        )}
        <Fact name="Run">
          <span className="mono" title={run.run_id}>{run.run_id.slice(0, 12)}</span>
          <CopyButton text={run.run_id} label="Copy the run’s id" />
        </Fact>
        {project.data?.temporal_run && (
          <Fact name="Elsewhere">
            <Anchor size="sm" href={project.data.temporal_run.replace('{workflow_id}', workflow)} target="_blank" rel="noreferrer">
              Temporal UI <IconArrowUpRight size={13} aria-hidden />
            </Anchor>
          </Fact>
        )}
      </dl>
      {run.related.length > 0 && (
        <ul className={classes.related} aria-label="Linked runs">
          {[...before, ...after].slice(0, 12).map((link) => (
            <Linked key={`${link.relation}${link.flow}${link.run_id}`} link={link} />
          ))}
          {run.related.length > 12 && <li className="quiet">and {run.related.length - 12} more</li>}
        </ul>
      )}
    </div>
  )
}

function Linked({ link }: { link: Run['related'][number] }) {
  const Icon = ONWARD.has(link.relation) ? IconCornerDownRight : IconCornerLeftUp
  return (
    <li className={classes.link}>
      <Icon size={15} aria-hidden className="quiet" />
      <span className="quiet">{RELATIONS[link.relation]}</span>
      <Anchor component={Link} size="sm" to={runPath(link.flow, link.run_id, ONWARD.has(link.relation) ? null : link.delivery_id)}>
        {link.flow_name ?? link.flow} <span className="mono">{link.run_id.slice(0, 8)}</span>
      </Anchor>
      {link.status ? <StatusBadge status={link.status} bare /> : <span className="quiet">forgotten by now</span>}
    </li>
  )
}

import { IconCheck, IconMessage, IconX } from '@tabler/icons-react'
import { When } from '@/components/When/When'
import { approves, outcomeInWords, progressOf, type TaskDetail } from '../model'
import { Facts } from './Facts'
import classes from './Task.module.css'

/** Who has answered what, how far a decision of several people is, and what became of it. */
export function Decision({ task }: { task: TaskDetail }) {
  const progress = progressOf(task)
  if (!progress && task.answers.length === 0 && task.status === 'open') return null
  return (
    <section className={classes.part} aria-labelledby="decision">
      <h2 id="decision">{task.status === 'closed' ? 'How it ended' : 'Answers so far'}</h2>
      {task.status === 'closed' && (
        <p className={classes.plain}>
          <strong>{outcomeInWords(task)}</strong>
        </p>
      )}
      {progress && (
        <div className={classes.progress}>
          <div className={classes.dots} role="img" aria-label={`${progress.approved ?? progress.answered} of ${progress.needed}`}>
            {Array.from({ length: progress.needed }, (_, index) => (
              <span key={index} data-filled={index < (progress.approved ?? progress.answered) || undefined} />
            ))}
          </div>
          <span>
            <strong>
              {progress.approved ?? progress.answered} of {progress.needed}
            </strong>{' '}
            {progress.approved === null ? 'answers' : 'approvals'}. {progress.sentence}
            {progress.missing && <span className={classes.aside}>{progress.missing}</span>}
          </span>
        </div>
      )}
      {task.answers.length > 0 && (
        <ul className={classes.votes}>
          {task.answers.map((vote) => (
            <li key={`${vote.by}${vote.at}`}>
              <Mark answer={vote.answer} />
              <div>
                <strong>{vote.by}</strong>{' '}
                <span className="quiet">
                  {said(vote.answer)} <When at={vote.at} />
                </span>
                {beyond(vote.answer) !== null && (
                  <Facts value={beyond(vote.answer)} label={`The answer of ${vote.by}`} depth={1} />
                )}
              </div>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Mark({ answer }: { answer: unknown }) {
  const approved = approves(answer)
  if (approved === null) return <IconMessage size={18} aria-hidden className={classes.mark} />
  const Icon = approved ? IconCheck : IconX
  return <Icon size={18} aria-hidden className={classes.mark} data-approved={approved} />
}

function said(answer: unknown): string {
  const approved = approves(answer)
  return approved === null ? 'answered' : approved ? 'approved' : 'refused'
}

/** What an answer says besides yes or no. */
function beyond(answer: unknown): unknown {
  if (approves(answer) === null) return answer
  const { approved: _, ...rest } = answer as Record<string, unknown>
  return Object.keys(rest).length > 0 ? rest : null
}

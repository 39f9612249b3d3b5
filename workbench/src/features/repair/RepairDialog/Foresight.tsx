import { Alert } from '@mantine/core'
import { IconAlertTriangle, IconBan, IconGitFork } from '@tabler/icons-react'
import type { Preview } from '../model'
import classes from './RepairDialog.module.css'

/** What will happen, in sentences; what to think of before; and why it cannot be done. */
export function Foresight({ preview }: { preview: Preview }) {
  return (
    <div aria-live="polite" className={classes.foresight}>
      {!preview.possible && (
        <Alert color="red" variant="light" icon={<IconBan aria-hidden />} styles={{ message: { color: 'var(--wb-text)' } }}>
          {preview.refusal}
        </Alert>
      )}
      {preview.sentences.length > 0 && (
        <section aria-labelledby="foresight">
          <h3 id="foresight">
            What will happen
            {preview.new_run && (
              <span className={classes.mark}>
                <IconGitFork size={14} aria-hidden /> new run
              </span>
            )}
          </h3>
          <ul className={classes.sentences}>
            {preview.sentences.map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </section>
      )}
      {preview.warnings.length > 0 && (
        <Alert
          color="yellow"
          variant="light"
          title="Think of this first"
          icon={<IconAlertTriangle aria-hidden />}
          styles={{ title: { color: 'var(--wb-text)' }, message: { color: 'var(--wb-text)' } }}
        >
          {preview.warnings.map((warning) => (
            <div key={warning}>{warning}</div>
          ))}
        </Alert>
      )}
    </div>
  )
}

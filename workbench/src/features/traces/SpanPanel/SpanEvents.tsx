import { Title } from '@mantine/core'
import { CopyButton } from '@/components/CopyButton/CopyButton'
import { lengthOf } from '@/components/Waterfall'
import type { Span } from '../model'
import { AttributeTable } from './AttributeTable'
import classes from './SpanPanel.module.css'

/** What happened within a span; exceptions with their stacks. */
export function SpanEvents({ events, start }: { events: Span['events']; start: number }) {
  if (events.length === 0) return null
  return (
    <div>
      <Title order={3} className={classes.section}>
        Events
      </Title>
      {events.map((event, index) => (
        <div key={index} className={classes.event}>
          <div className={classes.eventHead}>
            <span>{event.name}</span>
            <span className="quiet">{lengthOf(event.at - start)} in</span>
          </div>
          {event.name === 'exception' ? <Exception attributes={event.attributes} /> : <AttributeTable title="Attributes" attributes={event.attributes} />}
        </div>
      ))}
    </div>
  )
}

function Exception({ attributes }: { attributes: Record<string, unknown> }) {
  const { 'exception.type': type, 'exception.message': message, 'exception.stacktrace': stack, ...rest } = attributes
  return (
    <>
      <p className={classes.exception}>
        {type ? <strong>{String(type)}</strong> : null}
        {type && message ? ': ' : ''}
        {message ? String(message) : null}
      </p>
      {typeof stack === 'string' && (
        <div className={classes.stackBox}>
          <pre className={classes.stack} tabIndex={0} aria-label="Stack">
            {stack}
          </pre>
          <span className={classes.copy}>
            <CopyButton text={stack} label="Copy the stack" />
          </span>
        </div>
      )}
      <AttributeTable title="More" attributes={rest} closed />
    </>
  )
}

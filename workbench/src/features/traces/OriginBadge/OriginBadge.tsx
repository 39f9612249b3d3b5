import type { CSSProperties } from 'react'
import { languageName, type Origin } from '../model'
import classes from './OriginBadge.module.css'

/** Who made spans: a colour, a name, a language. */
export function OriginBadge({ origin, short = false }: { origin: Origin; short?: boolean }) {
  const language = languageName(origin.language)
  return (
    <span
      className={classes.badge}
      style={{ '--tone': `var(--wb-${origin.tone})` } as CSSProperties}
      title={`${origin.name || 'unnamed'}${language ? `, ${language}` : ''}`}
    >
      <span className={classes.dot} aria-hidden />
      {short ? (
        <>
          <span aria-hidden>{language || origin.name || '?'}</span>
          <span className="visually-hidden">{`${origin.name} ${language}`}</span>
        </>
      ) : (
        <>
          {origin.name || 'unnamed'}
          {language && <span className={classes.language}>{language}</span>}
        </>
      )}
    </span>
  )
}

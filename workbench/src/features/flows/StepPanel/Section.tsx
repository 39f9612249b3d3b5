import type { ReactNode } from 'react'
import classes from './StepPanel.module.css'

export function Section({ title, beside, children }: { title: string; beside?: ReactNode; children: ReactNode }) {
  return (
    <section className={classes.section}>
      <h3 className={classes.heading}>{title}{beside}</h3>
      {children}
    </section>
  )
}

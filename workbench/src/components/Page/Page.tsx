import { Anchor, Breadcrumbs, Group, Text, Title } from '@mantine/core'
import { type ReactNode, useEffect } from 'react'
import { Link } from 'react-router'
import classes from './Page.module.css'

interface Crumb {
  label: string
  to: string
}

interface PageProps {
  title: string
  /** What the title is said beside: a badge, an id. */
  beside?: ReactNode
  description?: ReactNode
  crumbs?: Crumb[]
  actions?: ReactNode
  /** Without the margins and the bound on its width: a canvas. */
  full?: boolean
  children: ReactNode
}

/** A page: its title, where it is, what can be done, and its content. */
export function Page({ title, beside, description, crumbs, actions, full = false, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Wistro`
  }, [title])
  return (
    <div className={full ? classes.full : classes.page}>
      <header className={classes.header}>
        <div className={classes.heading}>
          {crumbs && (
            <Breadcrumbs separator="›" mb={2}>
              {crumbs.map((crumb) => (
                <Anchor key={crumb.to} component={Link} to={crumb.to} size="sm">
                  {crumb.label}
                </Anchor>
              ))}
            </Breadcrumbs>
          )}
          <Group gap="sm">
            <Title order={1} className={classes.title}>
              {title}
            </Title>
            {beside}
          </Group>
          {description && (
            <Text c="dimmed" size="sm" maw={760}>
              {description}
            </Text>
          )}
        </div>
        {actions && <Group gap="xs">{actions}</Group>}
      </header>
      {children}
    </div>
  )
}

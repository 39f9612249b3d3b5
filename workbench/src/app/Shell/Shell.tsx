import { AppShell, Burger, Group, NavLink, ScrollArea, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { Fragment, useEffect, useRef } from 'react'
import { NavLink as RouterLink, Outlet, ScrollRestoration, useLocation } from 'react-router'
import { $api } from '@/api/client'
import { NAVIGATION } from '@/app/navigation'
import { OpenTasks } from '@/features/inbox/OpenTasks/OpenTasks'
import { Repairs } from '@/features/repair'
import { Palette } from '@/app/Palette/Palette'
import { ColorScheme } from './ColorScheme'
import { LiveMark } from './LiveMark'
import { UserMenu } from './UserMenu'
import classes from './Shell.module.css'

/** What is around every page: the navigation, and what is always in sight. */
export function Shell() {
  const [opened, { toggle, close }] = useDisclosure()
  const { pathname } = useLocation()
  const main = useRef<HTMLElement>(null)
  const project = $api.useQuery('get', '/api/project')
  useEffect(close, [pathname, close])

  return (
    <AppShell header={{ height: 48 }} navbar={{ width: 212, breakpoint: 'sm', collapsed: { mobile: !opened } }}>
      <a
        href="#main"
        className={classes.skip}
        onClick={(event) => {
          event.preventDefault()
          main.current?.focus()
        }}
      >
        Skip to the content
      </a>
      <AppShell.Header className={classes.header}>
        <Group gap="sm" wrap="nowrap" className={classes.project}>
          <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Navigation" />
          <img src={`${import.meta.env.BASE_URL}icon.svg`} alt="" width={24} height={24} />
          <Text fw={650} truncate>
            {project.data?.id ?? 'Wistro'}
          </Text>
        </Group>
        <Group gap="xs" wrap="nowrap" className={classes.tools}>
          <LiveMark />
          <Palette />
          <ColorScheme />
          <UserMenu />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar className={classes.navbar} aria-label="Pages">
        <ScrollArea type="auto" className={classes.links}>
          {NAVIGATION.map((group) => (
            <Fragment key={group.links[0].to}>
              {group.label && <Text className={classes.group}>{group.label}</Text>}
              {group.links.map(({ to, label, icon: Icon }) => (
                <NavLink
                  key={to}
                  component={RouterLink}
                  to={to}
                  active={to === '/' ? pathname === '/' : pathname === to || pathname.startsWith(`${to}/`)}
                  label={label}
                  leftSection={<Icon size={17} stroke={1.7} aria-hidden />}
                  rightSection={to === '/inbox' ? <OpenTasks /> : null}
                  className={classes.link ?? ''}
                />
              ))}
            </Fragment>
          ))}
        </ScrollArea>
      </AppShell.Navbar>
      <AppShell.Main ref={main} id="main" tabIndex={-1} className={classes.main}>
        <Outlet />
      </AppShell.Main>
      <Repairs />
      <ScrollRestoration />
    </AppShell>
  )
}

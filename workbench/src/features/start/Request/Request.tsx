import { Accordion, Badge, Stack, Switch, Text, TextInput } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Detail } from '@/api/errors'
import { type Draft, headersOf, takesBody, type Trigger } from '../model'
import { Body } from './Body'
import { Options } from './Options'
import { Pairs } from './Pairs'
import classes from './Request.module.css'

const HEADERS = ['Accept', 'Authorization', 'Content-Type', 'Prefer', 'X-API-Key', 'X-Request-Id'] as const
const OF_GITHUB = ['X-GitHub-Event', 'X-GitHub-Delivery', 'X-GitHub-Hook-ID'] as const

interface RequestProps {
  trigger: Trigger
  draft: Draft
  /** What the server said is wrong. */
  errors: readonly Detail[]
  onChange: (draft: Draft) => void
}

/** All that a request is made of, to be filled in. */
export function Request({ trigger, draft, errors, onChange }: RequestProps) {
  const set = (change: Partial<Draft>) => onChange({ ...draft, ...change })
  const errorAt = (field: string) => errors.find((each) => each.field.toLowerCase() === field.toLowerCase())?.message
  const isRequest = trigger.kind !== 'cron'
  const hasQuery = trigger.kind === 'api'
  const said = draft.query.filter(({ value }) => value !== '').length
  return (
    <Stack gap="md">
      {trigger.path_params.map((name) => (
        <TextInput
          key={name}
          label={name}
          description={name === trigger.rest_param ? 'Part of the path; it may have slashes in it' : 'Part of the path'}
          required
          error={errorAt(`path_params.${name}`)}
          value={draft.pathParams[name] ?? ''}
          onChange={(event) => set({ pathParams: { ...draft.pathParams, [name]: event.currentTarget.value } })}
        />
      ))}
      {takesBody(trigger) ? <Body trigger={trigger} draft={draft} errors={errors} onChange={onChange} /> : null}
      {trigger.signature ? (
        <Switch
          label="Sign it as the sender would"
          description={`In ${trigger.signature.header}, with the secret ${trigger.signature.secret}, which stays on the server`}
          checked={draft.sign}
          onChange={(event) => set({ sign: event.currentTarget.checked })}
        />
      ) : null}
      <Accordion
        multiple
        variant="separated"
        radius="md"
        classNames={{ item: classes.item ?? '', control: classes.control ?? '' }}
        defaultValue={hasQuery && trigger.query_params.length ? ['query'] : []}
      >
        {hasQuery ? (
          <Part value="query" title="Query" count={said}>
            <Pairs
              noun="parameter"
              pairs={draft.query}
              onChange={(query) => set({ query })}
              about={(name) => trigger.query_params.find((each) => each.name === name)?.description}
              errorOf={(name) => errorAt(`query.${name}`)}
              suggestions={trigger.query_params.map(({ name }) => name)}
            />
          </Part>
        ) : null}
        {isRequest ? (
          <Part value="headers" title="Headers" count={headersOf(draft, trigger).length}>
            <Pairs
              noun="header"
              pairs={draft.headers}
              onChange={(headers) => set({ headers })}
              errorOf={(name) => (name ? errorAt(`headers.${name}`) : undefined)}
              suggestions={trigger.signature?.scheme === 'github' ? [...OF_GITHUB, ...HEADERS] : HEADERS}
            />
          </Part>
        ) : null}
        <Part value="options" title="When and how" count={[draft.after, draft.at, draft.key, draft.waits ? '' : trigger.answers].filter(Boolean).length}>
          <Options trigger={trigger} draft={draft} onChange={onChange} />
        </Part>
      </Accordion>
    </Stack>
  )
}

function Part({ value, title, count, children }: { value: string; title: string; count: number; children: ReactNode }) {
  return (
    <Accordion.Item value={value}>
      <Accordion.Control>
        <Text component="span" size="sm" fw={600}>
          {title}
        </Text>
        {count ? (
          <Badge component="span" size="sm" variant="default" ml={8} aria-label={`${count} set`}>
            {count}
          </Badge>
        ) : null}
      </Accordion.Control>
      <Accordion.Panel>{children}</Accordion.Panel>
    </Accordion.Item>
  )
}

import { Group, SegmentedControl, Text } from '@mantine/core'
import { useMemo, useState } from 'react'
import { CodeView } from '@/components/CodeEditor/CodeView'
import { CopyButton } from '@/components/CopyButton/CopyButton'
import { type CodeKind, codeFor } from '../code'
import type { Draft, Trigger } from '../model'

const KINDS = [
  { value: 'curl', label: 'curl' },
  { value: 'python', label: 'Python' },
  { value: 'typescript', label: 'TypeScript' },
]
const LANGUAGES = { curl: 'shell', python: 'python', typescript: 'typescript' } as const

/** The same request as code, to copy. */
export function CodeSample({ draft, trigger }: { draft: Draft; trigger: Trigger }) {
  const [kind, setKind] = useState<CodeKind>('curl')
  const code = useMemo(() => codeFor(kind, draft, trigger, window.location.origin), [kind, draft, trigger])
  const needs = [
    code.includes('WISTRO_TOKEN') ? 'WISTRO_TOKEN' : null,
    draft.sign && trigger.signature ? trigger.signature.secret : null,
  ].filter((name) => name !== null)
  return (
    <section aria-label="The same as code">
      <Group justify="space-between" mb="xs">
        <Text fw={600} size="sm">
          The same as code
        </Text>
        <Group gap={4}>
          <SegmentedControl size="xs" aria-label="Language" data={KINDS} value={kind} onChange={(next) => setKind(next as CodeKind)} />
          <CopyButton text={code} label="Copy the code" />
        </Group>
      </Group>
      <CodeView code={code} language={LANGUAGES[kind]} label="The request as code" maxHeight={320} firstLine={null} />
      {needs.length ? (
        <Text size="xs" c="dimmed" mt={4}>
          It takes {needs.map((name, index) => (
            <span key={name}>
              {index ? ' and ' : ''}
              <code>{name}</code>
            </span>
          ))}{' '}
          from the environment.
        </Text>
      ) : null}
    </section>
  )
}

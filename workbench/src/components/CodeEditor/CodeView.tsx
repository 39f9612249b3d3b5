import { Skeleton } from '@mantine/core'
import { lazy, Suspense } from 'react'
import type { CodeLanguage } from './languages'

const CodeText = lazy(() => import('./CodeText'))

export interface CodeViewProps {
  code: string
  language: CodeLanguage
  /** The line to point at and to bring into view, from 1. */
  line?: number | undefined
  /** What the code is, for those who hear it. */
  label?: string
  /** The most pixels it takes; beyond them it scrolls. */
  maxHeight?: number
  /** Lines are numbered from here; `null`: they are not numbered. */
  firstLine?: number | null
}

/** Code to read: coloured, with the numbers of its lines. */
export function CodeView(props: CodeViewProps) {
  const lines = props.code.split('\n').length
  return (
    <Suspense fallback={<Skeleton height={Math.min(lines * 20 + 18, props.maxHeight ?? 480)} radius="md" />}>
      <CodeText {...props} />
    </Suspense>
  )
}

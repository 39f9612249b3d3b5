import { Text } from '@mantine/core'
import { $api } from '@/api/client'
import { CodeView } from '@/components/CodeEditor/CodeView'
import { languageOf } from '@/components/CodeEditor/languages'
import type { Frame } from '../stack'
import classes from './Stack.module.css'

/** The source around a place in the project, pointing at its line. */
export function SourceLines({ frame, maxHeight = 260 }: { frame: Frame; maxHeight?: number }) {
  const source = $api.useQuery(
    'get',
    '/api/source',
    { params: { query: { path: frame.path, line: frame.line } } },
    { staleTime: 30_000, retry: false },
  )
  const around = excerpt(source.data?.text ?? '', source.data?.first_line ?? 1, frame.line)
  return (
    <div className={classes.source}>
      <Text size="xs" className="mono" mb={4}>
        {frame.path}:{frame.line} <span className="quiet">in {frame.name}</span>
      </Text>
      {source.data ? (
        <CodeView
          code={around.text}
          language={languageOf(frame.path)}
          line={frame.line}
          firstLine={around.first}
          label={`Source of ${frame.path}`}
          maxHeight={maxHeight}
        />
      ) : source.error ? (
        <Text size="xs" c="dimmed">
          The file is not here to be shown.
        </Text>
      ) : (
        <div className={classes.room} style={{ height: maxHeight }} />
      )}
    </div>
  )
}

const AROUND = 5

/** The lines around one, of a text whose first line has the number `first`. */
function excerpt(text: string, first: number, line: number) {
  const lines = text.split('\n')
  const from = Math.max(0, line - first - AROUND)
  return { text: lines.slice(from, line - first + AROUND + 1).join('\n'), first: first + from }
}

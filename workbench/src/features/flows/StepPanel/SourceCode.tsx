import { Alert, Group } from '@mantine/core'
import { $api } from '@/api/client'
import { CodeView } from '@/components/CodeEditor/CodeView'
import { languageOf } from '@/components/CodeEditor/languages'
import { CopyButton } from '@/components/CopyButton/CopyButton'
import { Query } from '@/components/States/States'

/** The file of a step. */
export function SourceCode({ flow, step }: { flow: string; step: string }) {
  const source = $api.useQuery('get', '/api/flows/{flow}/steps/{step}/source', { params: { path: { flow, step } } })
  return (
    <Query of={source}>
      {({ path, text, changed, total_lines }) => (
        <>
          {changed && (
            <Alert color="orange" variant="light" mb="sm" title="Not the code that runs">
              The file has changed since the lock was written. Runs go on with what their worker has loaded.
            </Alert>
          )}
          <Group gap={4} mb={6}>
            <span className="mono">{path}</span>
            <CopyButton text={path} label="Copy the file’s path" />
            <span className="quiet">{total_lines} lines</span>
          </Group>
          <CodeView code={text} language={languageOf(path)} label={`Code of ${path}`} maxHeight={1200} />
        </>
      )}
    </Query>
  )
}

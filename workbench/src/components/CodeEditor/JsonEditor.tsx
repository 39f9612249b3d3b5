import { Button, Group, Skeleton, Text } from '@mantine/core'
import { IconAlignLeft } from '@tabler/icons-react'
import { lazy, Suspense } from 'react'
import type { JsonSchema } from '@/components/SchemaForm/schema'
import classes from './CodeEditor.module.css'

const JsonField = lazy(() => import('./JsonField'))

export interface JsonEditorProps {
  /** The text, JSON or not yet. */
  value: string
  onChange: (text: string) => void
  /** What the value must be: errors are underlined while typing. */
  schema?: JsonSchema | undefined
  /** What is edited, for those who hear it. */
  label: string
  /** The least height, in pixels; it grows to thrice that, then scrolls. */
  height?: number
  readOnly?: boolean
}

/** A field for JSON: checked as you type, laid out on demand. Tab leaves it. */
export function JsonEditor({ height = 160, ...props }: JsonEditorProps) {
  const format = async () => {
    const { formatted } = await import('./jsonErrors')
    props.onChange(formatted(props.value))
  }
  return (
    <div>
      <Suspense fallback={<Skeleton height={height} radius="md" aria-label={`Loading ${props.label}`} />}>
        <JsonField {...props} height={height} />
      </Suspense>
      {props.readOnly ? null : (
        <Group justify="space-between" mt={4} className={classes.foot}>
          <Text size="xs" c="dimmed">
            JSON. Ctrl+Space completes, Tab leaves the editor.
          </Text>
          <Button
            size="compact-xs"
            variant="subtle"
            color="gray"
            leftSection={<IconAlignLeft size={14} aria-hidden />}
            onClick={() => void format()}
          >
            Lay out
          </Button>
        </Group>
      )}
    </div>
  )
}

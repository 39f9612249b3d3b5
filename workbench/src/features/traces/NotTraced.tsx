import { Anchor, Code } from '@mantine/core'
import { IconTimeline } from '@tabler/icons-react'
import type { Api } from '@/api/client'
import { Empty } from '@/components/States/States'

/** Why there is no trace, and how there will be one. */
export function NotTraced({ tracing, what }: { tracing: Api['Tracing']; what: string }) {
  const icon = <IconTimeline size={36} aria-hidden />
  if (tracing.goes === 'elsewhere') {
    return (
      <Empty title="Traces go elsewhere" icon={icon}>
        The environment sends what is traced to <Code>{tracing.endpoint}</Code>. Look for it there, or take{' '}
        <Code>OTEL_EXPORTER_OTLP_ENDPOINT</Code> out of the environment to keep traces here.
      </Empty>
    )
  }
  if (tracing.goes === 'nowhere') {
    return (
      <Empty title="Nothing is traced" icon={icon}>
        <p>
          <Code>wistro dev</Code> traces by itself, unless <Code>OTEL_SDK_DISABLED</Code> or <Code>OTEL_TRACES_EXPORTER=none</Code> is
          set. <Code>wistro start</Code> does when <Code>wistro.yml</Code> says <Code>{'traces: { keep: 3d }'}</Code>.
        </p>
        <p>
          Attempts of steps are traced then, in all languages, and within them what handlers trace with{' '}
          <Anchor href="https://opentelemetry.io/docs/languages/" target="_blank" rel="noreferrer">
            OpenTelemetry
          </Anchor>
          .
        </p>
      </Empty>
    )
  }
  return (
    <Empty title={`No trace ${what}`} icon={icon}>
      Traces come a second or two after what they tell of, and are kept for three days unless <Code>traces</Code> in{' '}
      <Code>wistro.yml</Code> says otherwise.
    </Empty>
  )
}

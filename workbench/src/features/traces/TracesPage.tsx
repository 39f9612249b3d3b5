import { Page } from '@/components/Page/Page'

export function Component() {
  return <Page title="Traces">{null}</Page>
}

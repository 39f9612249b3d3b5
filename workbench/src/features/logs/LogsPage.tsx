import { Page } from '@/components/Page/Page'

export function Component() {
  return <Page title="Logs">{null}</Page>
}

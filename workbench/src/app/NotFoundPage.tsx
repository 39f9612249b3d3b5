import { Anchor } from '@mantine/core'
import { Link } from 'react-router'
import { Page } from '@/components/Page/Page'
import { Empty } from '@/components/States/States'

export function Component() {
  return (
    <Page title="Nothing here">
      <Empty title="The workbench has no such page">
        <Anchor component={Link} to="/">
          Go to the overview
        </Anchor>
      </Empty>
    </Page>
  )
}

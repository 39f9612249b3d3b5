import { ActionIcon, Combobox, Modal, Text, TextInput, Tooltip, useCombobox } from '@mantine/core'
import { useDisclosure, useHotkeys } from '@mantine/hooks'
import { IconSearch } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { useNavigate } from 'react-router'
import { $api } from '@/api/client'
import { NAVIGATION } from '@/app/navigation'
import { flowPath, startPath } from '@/app/paths'
import { type Place, placesFor } from './model'

const PAGES: Place[] = NAVIGATION.flatMap((group) =>
  group.links.map(({ label, to }) => ({ label, what: 'Page', to })),
)

/** Goes anywhere by a few letters: pages, flows, testers, runs by their id. Ctrl+K opens it. */
export function Palette() {
  const [opened, { open, close }] = useDisclosure()
  useHotkeys([['mod+K', open]], [])
  return (
    <>
      <Tooltip label="Go to… (Ctrl+K)" openDelay={400}>
        <ActionIcon variant="subtle" color="gray" aria-label="Go to a page, a flow or a run" onClick={open}>
          <IconSearch size={17} aria-hidden />
        </ActionIcon>
      </Tooltip>
      <Modal
        opened={opened}
        onClose={close}
        withCloseButton={false}
        padding="xs"
        yOffset="12vh"
        attributes={{ content: { 'aria-label': 'Go to…' } }}
      >
        <Search onGone={close} />
      </Modal>
    </>
  )
}

function Search({ onGone }: { onGone: () => void }) {
  const navigate = useNavigate()
  const combobox = useCombobox()
  // Once the list is there: what is open from the start does not say which list it opened.
  useEffect(() => combobox.openDropdown(), [])
  const [text, setText] = useState('')
  const flows = $api.useQuery('get', '/api/flows')
  const places = (flows.data ?? []).flatMap(({ id, name }): Place[] => [
    { label: name, what: 'Flow', to: flowPath(id) },
    { label: `Start ${name}`, what: 'Tester', to: startPath(id) },
    { label: `Runs of ${name}`, what: 'Runs', to: `/runs?flow=${id}` },
  ])
  const found = placesFor(text, [...PAGES, ...places])

  function go(to: string) {
    onGone()
    void navigate(to)
  }

  return (
    <Combobox store={combobox} withinPortal={false} onOptionSubmit={go}>
      <Combobox.EventsTarget withExpandedAttribute>
        <TextInput
          data-autofocus
          aria-label="Go to"
          placeholder="A page, a flow, or the id of a run"
          value={text}
          leftSection={<IconSearch size={16} aria-hidden />}
          onKeyDown={({ key }) => {
            if (key === 'Escape') onGone() // the list would take it for itself
          }}
          onChange={(event) => {
            setText(event.currentTarget.value)
            combobox.selectFirstOption()
          }}
        />
      </Combobox.EventsTarget>
      <Combobox.Options mt="xs" mah={380} style={{ overflowY: 'auto' }} aria-label="Places">
        {found.map((place) => (
          <Combobox.Option key={place.to} value={place.to}>
            <Text span>{place.label}</Text>{' '}
            <Text span size="xs" opacity={0.85}>
              {place.what}
            </Text>
          </Combobox.Option>
        ))}
        {found.length === 0 && <Combobox.Empty>Nothing has these letters</Combobox.Empty>}
      </Combobox.Options>
    </Combobox>
  )
}

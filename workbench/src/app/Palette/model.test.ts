import { expect, it } from 'vitest'
import { placesFor } from './model'

const PLACES = [
  { label: 'Reporting', what: 'Flow', to: '/flows/reporting' },
  { label: 'Order processing', what: 'Flow', to: '/flows/orders' },
  { label: 'Overview', what: 'Page', to: '/' },
  { label: 'Held', what: 'Page', to: '/held' },
]

it('finds what begins with the text before what merely has it', () => {
  expect(placesFor('o', PLACES).map((place) => place.label)).toEqual(['Order processing', 'Overview', 'Reporting'])
})

it('takes hexadecimal digits for a part of the id of a run', () => {
  expect(placesFor('AD48b8', PLACES)).toEqual([
    { label: 'Runs with ad48b8 in their id', what: 'Search', to: '/runs?text=ad48b8' },
  ])
})

it('offers everything before anything is typed', () => {
  expect(placesFor('', PLACES)).toHaveLength(4)
})

/** The repair that is asked about: one in the page, as what it was chosen at may be gone once it is done. */

import { create } from 'zustand'
import type { Action, Delivery, Run } from './model'

export interface Asked {
  action: Action
  run: Run
  /** The delivery that is repaired; without one, the whole run. */
  delivery: Delivery | null
}

export const useAsked = create<{ asked: Asked | null }>(() => ({ asked: null }))

export const ask = (asked: Asked | null) => useAsked.setState({ asked })

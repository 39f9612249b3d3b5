import { lazy, Suspense, useCallback, useEffect } from 'react'
import { useLocation } from 'react-router'
import { ask, useAsked } from '../asked'

const RepairDialog = lazy(() => import('../RepairDialog/RepairDialog'))

/** The dialog of the repair that was chosen, wherever it was; it closes when somebody goes to another page. */
export function Repairs() {
  const asked = useAsked((state) => state.asked)
  const { pathname } = useLocation()
  const close = useCallback(() => ask(null), [])
  useEffect(() => close, [pathname, close])
  return (
    asked && (
      <Suspense fallback={null}>
        <RepairDialog {...asked} onClose={close} />
      </Suspense>
    )
  )
}

import '@mantine/core/styles.layer.css'
import '@mantine/notifications/styles.layer.css'
import '@/styles/tokens.css'
import '@/styles/base.css'

import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { queryClient } from '@/api/client'
import { sessionQuery } from '@/api/session'
import { App } from '@/app/App'
import { cspNonce } from '@/app/theme'
import { followUpdates } from '@/app/updates'

// What keeps the page still behind a dialog adds a style sheet, and finds the nonce for it by this name alone.
Object.assign(globalThis, { __webpack_nonce__: cspNonce() })
followUpdates()
// Asked for while the page is made: nothing is shown before it is known who looks. It may sign them in, which
// who goes to the sign-in wants to do in a way of their own.
if (window.location.pathname !== `${import.meta.env.BASE_URL}sign-in`) void queryClient.prefetchQuery(sessionQuery)

const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  )
}

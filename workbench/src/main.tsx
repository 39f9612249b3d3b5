import '@mantine/core/styles.layer.css'
import '@mantine/notifications/styles.layer.css'
import '@/styles/tokens.css'
import '@/styles/base.css'

import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from '@/app/App'

const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  )
}

import { Button, PasswordInput, Stack, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import type { Unfit } from './model'

interface TokenFormProps {
  busy: boolean
  /** What was wrong with what was given before. */
  unfit: Unfit | null
  onSubmit: (token: string, name: string) => void
}

/** Signs in with the management token, and a name for it, or with an API key. */
export function TokenForm({ busy, unfit, onSubmit }: TokenFormProps) {
  const [name, setName] = useState('')
  const [token, setToken] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onSubmit(token.trim(), name.trim())
  }
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <TextInput
          label="Your name"
          description="What you do is noted under it. API keys have a name already."
          autoComplete="name"
          error={unfit?.name}
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <PasswordInput
          label="Management token or API key"
          description={
            <>
              The token is in <code>.wistro/token</code> of the project.
            </>
          }
          required
          autoComplete="current-password"
          error={unfit?.token}
          aria-invalid={unfit?.token !== undefined}
          visibilityToggleButtonProps={{ 'aria-label': 'Show or hide what you type' }}
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
        />
        <Button type="submit" loading={busy} disabled={!token.trim()} fullWidth>
          Sign in
        </Button>
      </Stack>
    </form>
  )
}

import { ApiError } from '@/api/errors'

/** What to say about a sign-in that did not work, by the code that the server gives. */
const PROBLEMS: Record<string, string> = {
  sign_in_expired: 'The sign-in took too long, or was begun in another browser. Try again.',
  issuer_refused: 'The sign-in was not completed. Try again, or ask whoever manages your accounts.',
  issuer_unavailable: 'The sign-in service does not answer. Try again in a while.',
  no_issuer: 'There is no sign-in service for this project.',
  forbidden: 'You are known, but have no access to the workbench of this project. Ask whoever operates it.',
  token_email: 'Your e-mail address is not verified at the sign-in service.',
  token_no_user: 'The sign-in service does not say who you are.',
  session_too_large: 'The sign-in service names more roles than a browser can keep.',
}

/** A sentence about a sign-in that did not work. */
export function problemOf(code: string | null): string | null {
  if (!code) return null
  return PROBLEMS[code] ?? `The sign-in did not work (${code}). Try again.`
}

/** Where to go after signing in: a page of the workbench, whatever the address says. */
export function destination(to: string | null): string {
  if (!to?.startsWith('/') || to.startsWith('//') || to.startsWith('/sign-in')) return '/'
  return to
}

export interface Unfit {
  name?: string
  token?: string
}

/** What is wrong with what was typed, to be said where; nothing of what is wrong elsewhere. */
export function unfitOf(error: unknown): Unfit | null {
  if (!(error instanceof ApiError)) return null
  if (error.status === 401) return { token: [error.message, error.hint && capital(error.hint)].filter(Boolean).join(' ') }
  const fields = error.details.filter(({ field }) => field === 'name' || field === 'token')
  return fields.length === 0 ? null : Object.fromEntries(fields.map(({ field, message }) => [field, capital(message)]))
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`.replaceAll('`', '').replace(/\.+$/, '.')
}

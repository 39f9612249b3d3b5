import { describe, expect, it } from 'vitest'
import { ApiError } from '@/api/errors'
import { destination, problemOf, unfitOf } from './model'

describe('where one goes after signing in', () => {
  it('is the page that was wanted', () => {
    expect(destination('/runs?flow=orders')).toBe('/runs?flow=orders')
  })
  it.each([null, '', 'https://elsewhere.example', '//elsewhere.example', '/sign-in?to=/sign-in'])('is never %s', (to) => {
    expect(destination(to)).toBe('/')
  })
})

describe('what went wrong', () => {
  it('is said in words, and with its code where there are none', () => {
    expect(problemOf(null)).toBeNull()
    expect(problemOf('forbidden')).toContain('no access')
    expect(problemOf('token_refused')).toContain('token_refused')
  })
})

describe('what was typed', () => {
  it('is said to be wrong at its field', () => {
    const unknown = new ApiError(401, 'credentials_unknown', 'The key is unknown. hint: the token is in `.wistro/token`.')
    expect(unfitOf(unknown)).toEqual({ token: 'The key is unknown. The token is in .wistro/token.' })
    const nameless = new ApiError(422, 'validation_failed', 'Not valid.', [{ field: 'name', message: 'say who you are' }])
    expect(unfitOf(nameless)).toEqual({ name: 'Say who you are.' })
  })
  it('is not blamed for anything else', () => {
    expect(unfitOf(new ApiError(403, 'forbidden', 'No access.'))).toBeNull()
    expect(unfitOf(new TypeError('Failed to fetch'))).toBeNull()
  })
})

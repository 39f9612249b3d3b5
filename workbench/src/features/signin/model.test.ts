import { describe, expect, it } from 'vitest'
import { destination, problemOf } from './model'

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

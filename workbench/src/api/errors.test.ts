import { describe, expect, it } from 'vitest'
import { asError, errorOf } from './errors'

describe('errorOf', () => {
  it('takes message, hint and fields from the one shape of errors', () => {
    const error = errorOf(422, {
      error: {
        code: 'validation_failed',
        message: 'The request is not valid. hint: give `flow`.',
        details: [{ field: 'flow', message: 'missing' }, 'odd'],
        correlation_id: 'c1',
      },
    })
    expect(error).toMatchObject({
      status: 422, code: 'validation_failed', message: 'The request is not valid.',
      hint: 'give `flow`.', details: [{ field: 'flow', message: 'missing' }], correlationId: 'c1',
    })
  })

  it('makes do with an answer of another shape', () => {
    expect(errorOf(502, '<html>')).toMatchObject({ code: 'unexpected', hint: null, details: [] })
  })
})

it('says that the server is away when the network fails', () => {
  expect(asError(new TypeError('Failed to fetch')).code).toBe('unreachable')
})

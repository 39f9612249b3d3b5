/**
 * Hides the text of failures in their encoded attributes.
 *
 * CommonJS, because the SDK loads it by its path with `require`.
 */

import common = require('@temporalio/common')

const encoded = new common.DefaultFailureConverter({ encodeCommonAttributes: true })
const clear = new common.DefaultFailureConverter()

/**
 * A refusal of the codec, which holds no payload data and travels in clear: to encrypt it, the key
 * would be needed that is perhaps missing, and a failure that cannot be encoded ends the worker.
 */
function isRefusal(error: unknown): boolean {
  // Failures of steps have an `ErrorInfo` in their details, whatever class a handler threw.
  return (
    error instanceof common.ApplicationFailure &&
    error.type === 'CodecError' &&
    !error.details?.length
  )
}

const failureConverter: common.FailureConverter = {
  errorToFailure(error, converter, context) {
    return (isRefusal(error) ? clear : encoded).errorToFailure(error, converter, context)
  },
  failureToError(failure, converter, context) {
    return encoded.failureToError(failure, converter, context)
  },
}

export = { failureConverter }

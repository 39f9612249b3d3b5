/** The one error of the codec, told apart by its code. */

export type CodecErrorCode =
  | 'envelope_corrupt'
  | 'envelope_flags_unknown'
  | 'envelope_tampered'
  | 'envelope_truncated'
  | 'envelope_version_unknown'
  | 'key_file_invalid'
  | 'key_file_missing'
  | 'key_file_permissions'
  | 'key_id_invalid'
  | 'key_unknown'
  | 'payload_too_large'
  | 'storage_corrupt'
  | 'storage_missing'
  | 'storage_reference_invalid'
  | 'token_expired'
  | 'token_invalid'
  | 'token_malformed'

/**
 * Something could not be encrypted, decrypted, or proven to be genuine.
 *
 * Its text names keys, sizes and places but never holds payload data or key material: Temporal stores
 * the text of an error raised while encoding as it is.
 */
export class CodecError extends Error {
  /** A word for programs. */
  readonly code: CodecErrorCode
  /** How to mend it, for people. */
  readonly hint: string
  /** Whether the same call may succeed later, because a key or a file may yet arrive. */
  readonly retryable: boolean

  constructor(code: CodecErrorCode, message: string, hint: string, retryable = false) {
    super(`${message}\nhint: ${hint}`)
    this.name = 'CodecError'
    this.code = code
    this.hint = hint
    this.retryable = retryable
  }
}

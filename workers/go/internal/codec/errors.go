// Package codec encrypts the payloads of runs: keys, envelopes, the Temporal payload codec, run
// tokens and the local external storage, as codec/SPEC.md says and codec/vectors hold it to.
package codec

import "errors"

// Code is a word for programs: one of codec/SPEC.md, section 8.
type Code string

// The ways in which the codec refuses.
const (
	EnvelopeCorrupt         Code = "envelope_corrupt"
	EnvelopeFlagsUnknown    Code = "envelope_flags_unknown"
	EnvelopeTampered        Code = "envelope_tampered"
	EnvelopeTruncated       Code = "envelope_truncated"
	EnvelopeVersionUnknown  Code = "envelope_version_unknown"
	KeyFileInvalid          Code = "key_file_invalid"
	KeyFileMissing          Code = "key_file_missing"
	KeyFilePermissions      Code = "key_file_permissions"
	KeyIDInvalid            Code = "key_id_invalid"
	KeyUnknown              Code = "key_unknown"
	PayloadTooLarge         Code = "payload_too_large"
	StorageCorrupt          Code = "storage_corrupt"
	StorageMissing          Code = "storage_missing"
	StorageReferenceInvalid Code = "storage_reference_invalid"
	TokenExpired            Code = "token_expired"
	TokenInvalid            Code = "token_invalid"
	TokenMalformed          Code = "token_malformed"
)

// Error says that something could not be encrypted, decrypted, or proven to be genuine.
//
// Its text names keys, sizes and places but never holds payload data or key material: Temporal
// stores the text of an error raised while encoding as it is.
type Error struct {
	Code    Code
	Message string
	Hint    string
	// Retryable says that the same call may succeed later, because a key or a file may yet arrive.
	Retryable bool
}

func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Message
	}
	return e.Message + " hint: " + e.Hint
}

// CodeOf is the code of the codec's error in err, or "" when there is none.
func CodeOf(err error) Code {
	var found *Error
	if errors.As(err, &found) {
		return found.Code
	}
	return ""
}
